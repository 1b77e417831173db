// Brings earnings into the ledger: the rows of one member in their order, those of different
// members in parallel, each row at most once.

import { setTimeout as sleep } from 'node:timers/promises';

import { faultOfNewUserId, showUserId, type Identity } from '../identity/identity.ts';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import type { Command, Outcome } from '../ledger/ledger.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { CommandContext } from './command-roots.ts';
import type { Earning } from './parse-earning.ts';
import type { EarningRow, EarningsFile } from './read-earnings.ts';

interface Tally {
  rows: number;
  amount: bigint;
}

export interface ImportSummary {
  /** Rows that are now in the ledger, from this run or an earlier one. */
  readonly earned: Tally;
  readonly takenBack: Tally;
  /** Rows with an amount of zero points. */
  zero: number;
  /** Rows that were posted before, by an earlier run or by an equal row above. */
  replayed: number;
  malformed: number;
  refused: number;
  membersLinked: number;
  interrupted: boolean;
}

export interface ImportOptions {
  readonly platformId: PlatformId;
  /** Most rows in flight. */
  readonly concurrency: number;
  /** Ends the import after what is in flight. */
  readonly signal: AbortSignal;
  /** Called for each row that is not imported. */
  onFault(line: number, fault: string): void;
  onProgress(readBytes: number, sizeBytes: number): void;
}

type Row = { readonly line: number; readonly earning: Earning };
type Parts = Pick<CommandContext, 'identity' | 'ledger'>;

const PAGE = 1_000;
const LONGEST_WAIT_MS = 5_000;
const ATTEMPTS = 12;

/**
 * Each row is one command whose key is its reference, so a second run, or one after an
 * interruption, posts nothing twice.
 */
export async function importEarnings(
  file: EarningsFile,
  { identity, ledger }: Parts,
  options: ImportOptions,
): Promise<ImportSummary> {
  const { platformId, signal } = options;
  const summary: ImportSummary = {
    earned: { rows: 0, amount: 0n },
    takenBack: { rows: 0, amount: 0n },
    zero: 0,
    replayed: 0,
    malformed: 0,
    refused: 0,
    membersLinked: 0,
    interrupted: false,
  };
  const members = new InOrder(options.concurrency);

  async function post({ line, earning }: Row, memberId: MemberId | undefined): Promise<void> {
    if (memberId === undefined) {
      summary.refused += 1;
      return options.onFault(
        line,
        `was refused: user ${showUserId(earning.userId)} cannot be linked, its member has ` +
          'another user on this platform',
      );
    }
    const outcome = await submitUntilKnown(
      commandOf(earning, platformId, memberId),
      (command) => ledger.submit(command),
      line,
    );
    if (!outcome.ok) {
      summary.refused += 1;
      return options.onFault(line, `was refused: ${outcome.problem.detail}`);
    }
    if (outcome.replayed) summary.replayed += 1;
    const tally = earning.amount > 0n ? summary.earned : summary.takenBack;
    tally.rows += 1;
    tally.amount += earning.amount;
  }

  async function dispatch(page: readonly Row[]): Promise<void> {
    const memberOf = new Map<string, MemberId | undefined>();
    const users = [...new Set(page.map(({ earning }) => earning.userId))];
    for (const user of users) memberOf.set(user, await identity.resolveMember(platformId, user));
    const unknown = users.filter((user) => memberOf.get(user) === undefined);
    if (unknown.length > 0) {
      summary.membersLinked += await identity.linkUsers(platformId, unknown);
      for (const user of unknown)
        memberOf.set(user, await identity.resolveMember(platformId, user));
    }
    for (const row of page) {
      if (signal.aborted) return;
      await members.enter(row.earning.userId, () => post(row, memberOf.get(row.earning.userId)));
    }
  }

  try {
    let page: Row[] = [];
    for await (const row of file.rows()) {
      if (signal.aborted) break;
      const fault = await findFault(row, identity, platformId);
      if (isFault(row) || fault !== undefined) {
        summary.malformed += 1;
        options.onFault(row.line, fault ?? 'cannot be read');
      } else if (row.earning.amount === 0n) {
        summary.zero += 1;
      } else {
        page.push(row);
      }
      if (page.length < PAGE) continue;
      await dispatch(page);
      page = [];
      options.onProgress(file.readBytes(), file.sizeBytes);
    }
    await dispatch(page);
  } finally {
    // Rows in flight are finished and counted, also when reading has failed.
    await members.finished();
  }
  summary.interrupted = signal.aborted;
  return summary;
}

/**
 * The fault of a row, if it has one. A user id that new links may not have is no fault if it is
 * linked already.
 */
export async function findFault(
  row: EarningRow,
  identity: Pick<Identity, 'resolveMember'>,
  platformId: PlatformId,
): Promise<string | undefined> {
  if (isFault(row)) return row.fault;
  const { userId } = row.earning;
  const fault = faultOfNewUserId(userId);
  if (fault === undefined || (await identity.resolveMember(platformId, userId)) !== undefined)
    return undefined;
  return `has the user ${showUserId(userId)}, which ${fault}`;
}

function isFault(row: EarningRow): row is Extract<EarningRow, { fault: string }> {
  return 'fault' in row;
}

function commandOf(
  { amount, reference, occurredAtMs }: Earning,
  platformId: PlatformId,
  memberId: MemberId,
): Command {
  const common = { platformId, memberId, key: `import:${reference}`, reference, occurredAtMs };
  // A cancellation does not name the purchase it cancels, so it is taken back at the level of the
  // member.
  return amount > 0n
    ? { ...common, kind: 'earn', amount }
    : { ...common, kind: 'clawback', amount: -amount };
}

/** Retries while the database is away; only a long outage ends the import. */
async function submitUntilKnown(
  command: Command,
  submit: (command: Command) => Promise<Outcome>,
  line: number,
): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await submit(command);
    if (outcome.ok || !outcome.problem.retryable) return outcome;
    if (attempt === ATTEMPTS) {
      throw new OperatorError(
        'temporary',
        `The import stopped at line ${line}: ${outcome.problem.error}. Run the same command ` +
          'again; it goes on where it stopped.',
      );
    }
    await sleep(Math.min(LONGEST_WAIT_MS, 50 * 2 ** attempt));
  }
}

/**
 * Runs the tasks of one key in turn and those of different keys in parallel, at most `limit` at a
 * time.
 */
class InOrder {
  readonly #limit: number;
  readonly #last = new Map<string, Promise<void>>();
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #room: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves when the task has a place in the queue, not when it is done; rejects with the first
   * failure of any task.
   */
  async enter(key: string, task: () => Promise<void>): Promise<void> {
    while (this.#running >= this.#limit && this.#failure === undefined)
      await new Promise<void>((resolve) => (this.#room = resolve));
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#running += 1;
    const done = this.#run(this.#last.get(key), task).finally(() => {
      if (this.#last.get(key) === done) this.#last.delete(key);
      this.#running -= 1;
      this.#room?.();
    });
    this.#last.set(key, done);
  }

  async #run(before: Promise<void> | undefined, task: () => Promise<void>): Promise<void> {
    await before;
    if (this.#failure !== undefined) return;
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  async finished(): Promise<void> {
    await Promise.all(this.#last.values());
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
