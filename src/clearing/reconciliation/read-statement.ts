// Reads a platform's statement from where the last page ended, and keeps each page in one commit
// with its cursor. Whatever ends the reading, the next one resumes there.

import { parseId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import { dbTransaction, type Pool } from '../../runtime/database.ts';
import type { ConnectorClient, StatementEntry } from '../../connections/connections.ts';
import { askPlatform, type Patience } from './ask-platform.ts';
import { appendPage, breakOff, type NewLine, type Statement } from './store-statements.ts';
import type { StatementOperation } from './types.ts';

/**
 * Less than the contract's largest page: enough that a commit for each costs little, and small
 * enough for memory.
 */
const PAGE = 2_000;
/**
 * A reading ends after this many lines and the next run resumes: no platform can keep a run busy
 * for ever.
 */
const MOST_LINES = 20_000_000;
/** Far beyond any amount; a larger one could not be stored. */
const MOST_EFFECT = 10n ** 18n;

export interface ReaderParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly connector: Pick<ConnectorClient, 'readStatement'>;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /** Called with each page, to show that the holder of a lock is at work. */
  keepAlive(): Promise<void>;
}

export type Reading =
  | { readonly ended: true; readonly lines: number }
  | { readonly ended: false; readonly lines: number; readonly reason: string };

const GOES_IN_A_CIRCLE =
  "platform's statement goes in a circle: one of its cursors came a second time; the next run " +
  'reads it from its beginning';
const STANDS_STILL =
  'platform repeats a page of its statement: next_cursor is the cursor that was asked for; ' +
  'the next run reads it from its beginning';

/**
 * Another process has read further in the same statement, so it holds the lock that this one
 * believed to hold.
 */
class Overtaken extends Error {
  override name = 'Overtaken';
}

const operations: Readonly<
  Record<Exclude<StatementEntry['operation'], 'other'>, StatementOperation>
> = { deduct: 'd', add: 'a', reverse: 'r' };

export class StatementReader {
  readonly #parts: ReaderParts;
  #statement: Statement;
  #linesRead = 0;
  #askedAtMs = 0;
  #brokenOff = false;
  readonly #circle = new Circle();

  constructor(parts: ReaderParts, statement: Statement) {
    this.#parts = parts;
    this.#statement = statement;
  }

  /** As far as it has been read. */
  get statement(): Statement {
    return this.#statement;
  }

  get linesRead(): number {
    return this.#linesRead;
  }

  /**
   * The platform's cursors contradict themselves, so its lines may have been read twice: the
   * reading is worthless.
   */
  get brokenOff(): boolean {
    return this.#brokenOff;
  }

  /** Everything that the platform committed before this moment has been read. */
  get askedAtMs(): number {
    return this.#askedAtMs;
  }

  /** Reads to the present end. `onLine` gets the effect of all lines so far after each line. */
  async readToEnd(onLine?: (effectSum: bigint) => void): Promise<Reading> {
    const { pool, clock, connector, patience, signal, keepAlive } = this.#parts;
    let lines = 0;
    for (;;) {
      if (signal?.aborted === true)
        return { ended: false, lines, reason: 'the program was stopped' };
      const { nextCursor } = this.#statement;
      const answer = await askPlatform(
        'its statement',
        () => {
          this.#askedAtMs = clock.now();
          return connector.readStatement(nextCursor ?? undefined, PAGE);
        },
        patience,
        signal,
      );
      await keepAlive();
      if (!answer.answered) return { ended: false, lines, reason: answer.reason };
      const page = answer.value;
      if (page.more && page.entries.length === 0)
        return {
          ended: false,
          lines,
          reason: 'platform says that its statement continues, but sent no lines',
        };
      const moves = page.more || page.entries.length > 0;
      if (moves && page.nextCursor === nextCursor) return this.#breakOff(lines, STANDS_STILL);
      if (moves && this.#circle.closes(page.nextCursor))
        return this.#breakOff(lines, GOES_IN_A_CIRCLE);
      if (
        page.entries.some(
          ({ effectMinor }) => effectMinor > MOST_EFFECT || effectMinor < -MOST_EFFECT,
        )
      )
        return {
          ended: false,
          lines,
          reason: 'platform lists a movement that is larger than any amount',
        };
      if (page.entries.length > 0 || page.nextCursor !== nextCursor)
        await dbTransaction(pool, (client) =>
          this.#keep(client, page.entries, page.nextCursor, onLine),
        );
      lines += page.entries.length;
      this.#linesRead += page.entries.length;
      if (!page.more) return { ended: true, lines };
      if (lines >= MOST_LINES)
        return {
          ended: false,
          lines,
          reason: `more than ${MOST_LINES} lines; the next run continues`,
        };
    }
  }

  async #breakOff(lines: number, reason: string): Promise<Reading> {
    this.#brokenOff = true;
    await breakOff(this.#parts.pool, this.#statement, reason);
    return { ended: false, lines, reason };
  }

  async #keep(
    client: Parameters<typeof appendPage>[0],
    entries: readonly StatementEntry[],
    nextCursor: string,
    onLine?: (effectSum: bigint) => void,
  ): Promise<void> {
    const statement = this.#statement;
    const lines: NewLine[] = [];
    const sums: bigint[] = [];
    let effect = 0n;
    for (const entry of entries) {
      effect += entry.effectMinor;
      sums.push(statement.effectSum + effect);
      if (entry.operation === 'other') continue;
      const transactionId = parseId('txn', entry.transactionId) ?? null;
      lines.push({
        transactionId,
        reference: transactionId === null ? entry.transactionId : null,
        operation: operations[entry.operation],
        effect: entry.effectMinor,
      });
    }
    const kept = await appendPage(client, statement, {
      lines,
      nextCursor,
      otherLines: entries.length - lines.length,
      effect,
    });
    if (!kept) throw new Overtaken('another process has read further in the same statement');
    this.#statement = {
      ...statement,
      nextCursor,
      lastSequence: statement.lastSequence + BigInt(lines.length),
      effectSum: statement.effectSum + effect,
    };
    for (const sum of sums) onLine?.(sum);
  }
}

/**
 * Notices when cursors go in a circle, remembering only one of them (Brent's algorithm): before a
 * circle of any length has been gone round twice.
 */
class Circle {
  #remembered: string | undefined;
  #steps = 0;
  #limit = 1;

  /** True when this cursor was remembered: it has come before. */
  closes(cursor: string): boolean {
    if (cursor === this.#remembered) return true;
    this.#steps += 1;
    if (this.#remembered !== undefined && this.#steps < this.#limit) return false;
    this.#remembered = cursor;
    this.#steps = 0;
    this.#limit *= 2;
    return false;
  }
}
