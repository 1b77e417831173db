// The tools of conformance checks: one user of the platform, correct and incorrect calls, and a
// list of everything that must be undone.

import { randomBytes } from 'node:crypto';

import { formatAmount, formatAmountText } from '../../kernel/amount.ts';
import { signRequest } from '../../security/security.ts';
import { createClientOver, type ConnectorClient } from '../connector-client.ts';
import {
  createConnectorTransport,
  type ConnectorRequest,
  type TransportOptions,
} from '../connector-transport.ts';
import {
  CONNECTOR_SCALE,
  type ConnectorOutcome,
  type ConnectorTarget,
  type StatementEntry,
  type Step,
  type StepKind,
  type TransactionAnswer,
} from '../types.ts';

/**
 * A check cannot continue, because the platform did not answer what the check builds on. Reported
 * as the check's complaint.
 */
export class CheckStopped extends Error {
  override name = 'CheckStopped';
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/**
 * The parts of the request that a forged signature is made over instead; the headers carry the same
 * time.
 */
export type Forgery = Partial<Record<'timestamp' | 'method' | 'path' | 'body', string>>;

export interface SendOptions {
  /** The JSON literal that is sent as amount. */
  readonly amountLiteral?: string;
  /** Replaces headers; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly forgery?: Forgery;
}

export interface Probe {
  readonly client: ConnectorClient;
  readonly userId: string;
  /** A step with a transaction id that nobody has used; minor units. */
  newStep(amountMinor: bigint, userId?: string): Step;
  /** Sends a step and records it for undoing; stops the check when no answer arrives. */
  send(kind: StepKind, step: Step, options?: SendOptions): Promise<Reply>;
  get(path: string, options?: SendOptions): Promise<Reply>;
  balance(): Promise<bigint>;
  find(step: Step): Promise<TransactionAnswer>;
  /** Reads from a cursor to the end of the statement. */
  readOn(
    since: string | undefined,
    limit?: number,
  ): Promise<{ readonly entries: readonly StatementEntry[]; readonly cursor: string }>;
  /** Reverses everything that was sent and is in effect, last first. */
  undo(): Promise<void>;
}

/** The end of a statement with more pages is not looked for. */
const MAX_PAGES = 10_000;
const PAGE = 1_000;

export function createProbe(
  target: ConnectorTarget,
  userId: string,
  options: TransportOptions = {},
): Probe {
  const transport = createConnectorTransport(target, options);
  const client = createClientOver(transport);
  const now = options.now ?? Date.now;
  const run = randomBytes(6).toString('hex');
  const sent = new Map<string, Step>();
  let count = 0;

  async function call(
    request: ConnectorRequest,
    { headers, forgery }: SendOptions,
  ): Promise<Reply> {
    const reply = await transport.send(request, (proper) => ({
      ...proper,
      ...(forgery === undefined ? {} : forge(request, forgery)),
      ...headers,
    }));
    if (!reply.arrived)
      throw new CheckStopped(
        `${request.method} ${request.path} was not answered: ${reply.detail}.`,
      );
    return reply;
  }

  function forge(request: ConnectorRequest, forgery: Forgery): Record<string, string> {
    const path = new URL(target.url.replace(/\/+$/, '') + request.path).pathname;
    const parts = {
      timestamp: String(Math.floor(now() / 1000)),
      method: request.method,
      path,
      body: request.body ?? '',
      ...forgery,
    };
    return {
      'X-Timestamp': parts.timestamp,
      'X-Signature': signRequest(target.secret, { ...parts, body: Buffer.from(parts.body) }),
    };
  }

  const probe: Probe = {
    client,
    userId,
    newStep: (amountMinor, user = userId) => ({
      userId: user,
      amountMinor,
      transactionId: `pontis-test-${run}-${(count += 1)}`,
    }),
    send(kind, step, more = {}) {
      if (kind !== 'reverse') sent.set(step.transactionId, sent.get(step.transactionId) ?? step);
      return call(
        { method: 'POST', path: `/api/internal/${kind}`, body: bodyOf(step, more.amountLiteral) },
        more,
      );
    },
    get: (path, more = {}) => call({ method: 'GET', path }, more),
    balance: async () =>
      valueOf(`GET /api/internal/users/${userId}`, await client.findBalance(userId)),
    find: async ({ transactionId }) =>
      valueOf(
        `GET /api/internal/transactions/${transactionId}`,
        await client.findTransaction(transactionId),
      ),
    readOn: (since, limit = PAGE) => readLines(client, run, since, limit),
    undo: () => undoSteps(client, [...sent.values()]),
  };
  return probe;
}

/** All lines of a statement after a cursor that belong to one run of the checks. */
async function readLines(
  client: ConnectorClient,
  run: string,
  since: string | undefined,
  limit: number,
): ReturnType<Probe['readOn']> {
  const entries: StatementEntry[] = [];
  let cursor = since;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = valueOf(
      `GET /api/internal/statement?since=${cursor ?? ''}`,
      await client.readStatement(cursor, limit),
    );
    // Only lines of the checks: others may be using the platform.
    entries.push(
      ...page.entries.filter(({ transactionId }) =>
        transactionId.startsWith(`pontis-test-${run}-`),
      ),
    );
    if (!page.more) return { entries, cursor: page.nextCursor };
    if (page.nextCursor === cursor)
      throw new CheckStopped(
        'The statement says that there is more, but next_cursor does not move on.',
      );
    cursor = page.nextCursor;
  }
  throw new CheckStopped(`The statement has no end within ${MAX_PAGES} pages.`);
}

/** Undoes steps, the last one first. */
async function undoSteps(client: ConnectorClient, sent: readonly Step[]): Promise<void> {
  for (const step of sent.toReversed()) {
    const found = await client.findTransaction(step.transactionId);
    if (
      found.outcome === 'yes' &&
      (found.value.state === 'unknown' || found.value.state === 'refused')
    )
      continue;
    // The amount that the platform reports: a faulty one may have read another than was sent.
    const moved =
      found.outcome === 'yes' && 'amountMinor' in found.value
        ? { ...step, amountMinor: found.value.amountMinor }
        : step;
    await client.reverse(moved);
  }
}

function bodyOf(
  { userId, amountMinor, transactionId }: Step,
  literal = String(formatAmount(amountMinor, CONNECTOR_SCALE)),
): string {
  return `{"user_id":${JSON.stringify(userId)},"amount":${literal},"transaction_id":${JSON.stringify(transactionId)}}`;
}

/** The value of a yes; any other outcome stops the check with a sentence. */
export function valueOf<T>(call: string, outcome: ConnectorOutcome<T>): T {
  if (outcome.outcome === 'yes') return outcome.value;
  throw new CheckStopped(
    outcome.outcome === 'no'
      ? `${call} was refused with ${outcome.status} "${outcome.error}".`
      : `${call} gave no clear answer: ${outcome.detail}.`,
  );
}

export function points(minor: bigint): string {
  return formatAmountText(minor, CONNECTOR_SCALE);
}
