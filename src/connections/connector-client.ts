// Calls a connected platform. The outcome of each call is yes, no or unknown; only the platform's
// own clear answer is a yes or a no.

import type { Static } from 'typebox';

import { formatAmount } from '../kernel/amount.ts';
import {
  createReader,
  ErrorBody,
  HealthBody,
  readPoints,
  StatementBody,
  StepBody,
  TotalBody,
  TransactionBody,
  UnknownTransactionBody,
  UserBody,
} from './connector-answers.ts';
import {
  createConnectorTransport,
  type ConnectorReply,
  type ConnectorRequest,
  type ConnectorTransport,
  type TransportOptions,
} from './connector-transport.ts';
import { keepRest } from './rest.ts';
import {
  CONNECTOR_SCALE,
  type ConnectorOutcome,
  type ConnectorTarget,
  type StatementEntry,
  type StatementPage,
  type Step,
  type StepAnswer,
  type StepKind,
  type TransactionAnswer,
  type Unknown,
} from './types.ts';

export interface ConnectorClient {
  /**
   * Takes points from a user. Repeatable: the platform gives the same answer to the same step of a
   * transaction.
   */
  deduct(step: Step): Promise<ConnectorOutcome<StepAnswer>>;
  /** Gives points to a user. Repeatable. */
  add(step: Step): Promise<ConnectorOutcome<StepAnswer>>;
  /**
   * Undoes the transaction's deduct or add, and prevents it from happening later when the platform
   * has not seen it. Repeatable.
   */
  reverse(step: Step): Promise<ConnectorOutcome<StepAnswer>>;
  /**
   * The state of a transaction. Never no: a platform that does not know it answers yes with state
   * `unknown`.
   */
  findTransaction(transactionId: string): Promise<ConnectorOutcome<TransactionAnswer>>;
  /** The user's balance in minor units; no when the platform has no such user. */
  findBalance(userId: string): Promise<ConnectorOutcome<bigint>>;
  /** All points that the platform's users hold, in minor units. */
  getTotalPoints(): Promise<ConnectorOutcome<bigint>>;
  /** Movements of points after a cursor (from the beginning without one), oldest first. */
  readStatement(since?: string, limit?: number): Promise<ConnectorOutcome<StatementPage>>;
  checkHealth(): Promise<ConnectorOutcome<true>>;
  /**
   * Why the platform accepts no signed call of the network, such as another secret or clock;
   * undefined when it accepts them, or does not answer.
   */
  findRefusal(): Promise<string | undefined>;
}

/**
 * Statuses with which a platform refuses a step for good, with an `error` in JSON. 401, 403, 408
 * and 429 are not among them: they are sent before the platform looks at the transaction, so they
 * say nothing about an earlier attempt that may have been carried out.
 */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 422]);

/** Lifetime of a signature, less the fraction of a second that the Date header leaves out. */
const CLOCK_LEEWAY_MS = 295_000;

/** A transaction of nobody: a platform that answers a look-up of it accepts signed calls. */
const NOBODYS = `txn_${'0'.repeat(32)}`;

const readers = {
  step: createReader(StepBody),
  error: createReader(ErrorBody),
  unknownTransaction: createReader(UnknownTransactionBody),
  transaction: createReader(TransactionBody),
  user: createReader(UserBody),
  total: createReader(TotalBody),
  statement: createReader(StatementBody),
  health: createReader(HealthBody),
};

export function createConnectorClient(
  target: ConnectorTarget,
  options: TransportOptions = {},
): ConnectorClient {
  const { now = Date.now } = options;
  return createClientOver(keepRest(createConnectorTransport(target, options), now), now);
}

export function createClientOver(
  transport: ConnectorTransport,
  now: () => number = Date.now,
): ConnectorClient {
  const readReply = <Body, T>(
    reply: ConnectorReply,
    read: (text: string) => Body | undefined,
    valueOf: (body: Body) => T | undefined,
  ): ConnectorOutcome<T> => judgeReply(reply, read, valueOf, now);
  const apply = async (kind: StepKind, step: Step): Promise<ConnectorOutcome<StepAnswer>> => {
    const reply = await transport.send(stepRequest(kind, step));
    return readReply<Static<typeof StepBody>, StepAnswer>(reply, readers.step, (body) => {
      const balanceMinor = body.balance === undefined ? undefined : readPoints(body.balance);
      const readable =
        body.transaction_id === step.transactionId &&
        (body.balance === undefined) === (balanceMinor === undefined);
      const isOfAnother =
        (body.user_id !== undefined && body.user_id !== step.userId) ||
        (body.amount !== undefined && readPoints(body.amount) !== step.amountMinor);
      return readable
        ? {
            transactionId: body.transaction_id,
            balanceMinor,
            ...(isOfAnother ? { isOfAnother } : {}),
          }
        : undefined;
    });
  };

  return {
    deduct: (step) => apply('deduct', step),
    add: (step) => apply('add', step),
    reverse: (step) => apply('reverse', step),
    async findTransaction(transactionId) {
      const reply = await transport.send({
        method: 'GET',
        path: `/api/internal/transactions/${encodeURIComponent(transactionId)}`,
      });
      return readTransaction(reply, transactionId, now);
    },
    async findBalance(userId) {
      const reply = await transport.send({
        method: 'GET',
        path: `/api/internal/users/${encodeURIComponent(userId)}`,
      });
      return readReply<Static<typeof UserBody>, bigint>(reply, readers.user, (body) =>
        body.user_id === userId ? readPoints(body.balance) : undefined,
      );
    },
    async getTotalPoints() {
      const reply = await transport.send({ method: 'GET', path: '/api/internal/total_points' });
      return readReply<Static<typeof TotalBody>, bigint>(reply, readers.total, (body) =>
        readPoints(body.total_points),
      );
    },
    async readStatement(since, limit) {
      const query = {
        ...(since === undefined ? {} : { since }),
        ...(limit === undefined ? {} : { limit: String(limit) }),
      };
      const reply = await transport.send({ method: 'GET', path: '/api/internal/statement', query });
      return readReply<Static<typeof StatementBody>, StatementPage>(
        reply,
        readers.statement,
        (body) => {
          const entries = body.entries.map(readEntry);
          return entries.every((entry) => entry !== undefined)
            ? { entries, nextCursor: body.next_cursor, more: body.more }
            : undefined;
        },
      );
    },
    async findRefusal() {
      const reply = await transport.send({
        method: 'GET',
        path: `/api/internal/transactions/${NOBODYS}`,
      });
      const why = reply.arrived ? strangerOf(reply, now()) : '';
      return why === '' || !reply.arrived
        ? undefined
        : `the answer to a signed call was ${reply.status}${why}`;
    },
    async checkHealth() {
      return readReply<Static<typeof HealthBody>, true>(
        await transport.send({ method: 'GET', path: '/health' }),
        readers.health,
        () => true,
      );
    },
  };
}

function readTransaction(
  reply: ConnectorReply,
  transactionId: string,
  now: () => number,
): ConnectorOutcome<TransactionAnswer> {
  if (reply.arrived && reply.status === 404) {
    const known = readers.unknownTransaction(reply.text);
    return known === undefined
      ? unknown(
          'malformed',
          'a 404 without {"error": …, "state": "unknown"} is not the platform\'s answer about ' +
            'the transaction',
        )
      : { outcome: 'yes', value: { state: 'unknown' } };
  }
  const outcome = judgeReply<Static<typeof TransactionBody>, TransactionAnswer>(
    reply,
    readers.transaction,
    (body) => {
      const [amountMinor, effectMinor] = [readPoints(body.amount), readPoints(body.effect)];
      if (
        body.transaction_id !== transactionId ||
        amountMinor === undefined ||
        effectMinor === undefined
      )
        return undefined;
      return {
        state: body.state,
        operation: body.operation,
        userId: body.user_id,
        amountMinor,
        effectMinor,
      };
    },
    now,
  );
  return outcome.outcome === 'no'
    ? unknown('status', `the look-up was refused with ${outcome.status}`)
    : outcome;
}

/** A step as it is sent; the same step gives the same bytes. */
function stepRequest(
  kind: StepKind,
  { userId, amountMinor, transactionId }: Step,
): ConnectorRequest {
  const body = {
    user_id: userId,
    amount: formatAmount(amountMinor, CONNECTOR_SCALE),
    transaction_id: transactionId,
  };
  return { method: 'POST', path: `/api/internal/${kind}`, body: JSON.stringify(body) };
}

/**
 * 200 with the expected body is a yes, a refusal in the platform's own words a no; everything else
 * is unknown.
 */
function judgeReply<Body, T>(
  reply: ConnectorReply,
  read: (text: string) => Body | undefined,
  valueOf: (body: Body) => T | undefined,
  now: () => number,
): ConnectorOutcome<T> {
  const rest = reply.retryAfterMs === undefined ? {} : { retryAfterMs: reply.retryAfterMs };
  if (!reply.arrived) return { ...unknown(reply.reason, reply.detail), ...rest };
  const { status, text } = reply;
  if (status === 200) {
    const body = read(text);
    const value = body === undefined ? undefined : valueOf(body);
    return value === undefined
      ? unknown('malformed', 'the answer 200 does not have the expected body')
      : { outcome: 'yes', value };
  }
  if (!REFUSALS.has(status))
    return { ...unknown('status', `the answer was ${status}${strangerOf(reply, now())}`), ...rest };
  const refusal = readers.error(text);
  return refusal === undefined
    ? unknown('malformed', `the answer ${status} does not have the body {"error": …}`)
    : { outcome: 'no', status, error: refusal.error };
}

/**
 * Why an answer does not accept the caller as the network, as far as its status and clock show;
 * empty for other answers.
 */
function strangerOf(
  { status, date }: Extract<ConnectorReply, { arrived: true }>,
  nowMs: number,
): string {
  if (status === 401) return ': it does not accept the token that is registered for it';
  return status === 403
    ? `: it does not accept the signature, ${whyOf(Date.parse(date ?? '') - nowMs)}`
    : '';
}

function whyOf(aheadMs: number): string {
  if (Number.isNaN(aheadMs)) return 'so its secret or its clock differs';
  if (Math.abs(aheadMs) <= CLOCK_LEEWAY_MS) return 'so its secret differs';
  return (
    `and its clock is ${Math.round(Math.abs(aheadMs) / 1_000)} s ` +
    `${aheadMs > 0 ? 'ahead of' : 'behind'} this one`
  );
}

function readEntry(
  entry: Static<typeof StatementBody>['entries'][number],
): StatementEntry | undefined {
  const [amountMinor, effectMinor] = [readPoints(entry.amount), readPoints(entry.effect)];
  if (amountMinor === undefined || effectMinor === undefined) return undefined;
  return {
    transactionId: entry.transaction_id,
    operation: entry.operation,
    userId: entry.user_id,
    amountMinor,
    effectMinor,
  };
}

function unknown(reason: Unknown['reason'], detail: string): Unknown {
  return { outcome: 'unknown', reason, detail };
}
