// Writes the differences of a run as breaks, a batch in each commit, and reports those that need
// attention.

import { randomUUID } from 'node:crypto';

import { formatAmountText } from '../../kernel/amount.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import { dbTransaction, type Pool } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import { decideBreak } from './decide-break.ts';
import { lockBreaks, writeBreaks } from './store-breaks.ts';
import type { Break, BreakCategory, Difference } from './types.ts';

const BATCH = 500;
/**
 * At most this many events in one run, for example when everything differs; the list has all
 * breaks.
 */
const MOST_ALARMS = 100;

export interface RecorderParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly platformId: PlatformId;
  /** Decimals of the platform's points. */
  readonly scale: number;
  readonly runId: string;
}

export class BreakRecorder {
  readonly #parts: RecorderParts;
  #waiting: Difference[] = [];
  #alarms = 0;
  #opened = 0;
  readonly #seen: Partial<Record<BreakCategory, number>> = {};

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  get opened(): number {
    return this.#opened;
  }

  /** The number of breaks in this run, by category. */
  get seen(): Readonly<Partial<Record<BreakCategory, number>>> {
    return this.#seen;
  }

  async add(difference: Difference): Promise<void> {
    this.#seen[difference.category] = (this.#seen[difference.category] ?? 0) + 1;
    this.#waiting.push(difference);
    if (this.#waiting.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    for (const ofTotal of [false, true]) {
      const differences = batch.filter(({ category }) => (category === 'total') === ofTotal);
      if (differences.length > 0) await this.#write(differences, ofTotal);
    }
  }

  async #write(differences: readonly Difference[], ofTotal: boolean): Promise<void> {
    const { pool, clock, log, platformId, runId } = this.#parts;
    const alarms = await dbTransaction(pool, async (client) => {
      const known = new Map(
        (
          await lockBreaks(
            client,
            platformId,
            differences.map(({ subject }) => subject),
            ofTotal,
          )
        ).map((one) => [one.subject, one]),
      );
      const now = new Date(clock.now());
      const decided = differences.map((found) =>
        decideBreak(known.get(found.subject), found, { breakId: randomUUID(), platformId }, now),
      );
      await writeBreaks(
        client,
        runId,
        decided.map(({ next }) => next),
      );
      this.#opened += decided.filter(({ opened }) => opened).length;
      const told = decided
        .filter(({ alarm }) => alarm)
        .slice(0, Math.max(0, MOST_ALARMS - this.#alarms))
        .map(({ next }) => next);
      this.#alarms += told.length;
      await appendEvents(
        client,
        told.map((one) => ({
          type: 'reconciliation.break',
          platformId,
          data: this.#describe(one),
        })),
        now.getTime(),
      );
      return told;
    });
    for (const one of alarms)
      log.error(
        { platform_id: platformId, ...this.#describe(one) },
        'the network and a platform disagree',
      );
  }

  #describe({ breakId, category, subject, ours, theirs }: Break): Record<string, string | null> {
    const text = (minor: bigint | null): string | null =>
      minor === null ? null : formatAmountText(minor, this.#parts.scale);
    return { break_id: breakId, category, subject, ours: text(ours), theirs: text(theirs) };
  }
}
