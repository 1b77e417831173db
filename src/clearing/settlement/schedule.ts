// Decides when a window closes by itself: every day at a time of the network's zone, or a number of
// minutes after it was opened. Pure.

import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { settlementProblems } from './problems.ts';
import type { Schedule } from './types.ts';

const MINUTE_MS = 60_000;

/** True when a window opened at `openedAtMs` should have been closed by now. */
export function isDue(
  schedule: Schedule,
  openedAtMs: number,
  nowMs: number,
  timeZone: string,
): boolean {
  switch (schedule.kind) {
    case 'none':
      return false;
    case 'every':
      return nowMs - openedAtMs >= schedule.minutes * MINUTE_MS;
    case 'daily':
      return openedAtMs < latestOf(schedule.at, nowMs, timeZone);
  }
}

/**
 * The last moment, not after now, at which clocks in the zone showed the time. A time that is
 * skipped by a change of the clocks is taken an hour later.
 */
function latestOf(at: string, nowMs: number, timeZone: string): number {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate();
  const on = (day: Temporal.PlainDate): number =>
    day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(at) }).epochMilliseconds;
  const todays = on(today);
  return todays <= nowMs ? todays : on(today.subtract({ days: 1 }));
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
/** Thirty-one days. */
const MOST_MINUTES = 44_640;

/** The schedule that an operator asks for: one of both, or none. */
export function readSchedule({
  dailyAt,
  everyMinutes,
}: {
  readonly dailyAt?: string | null | undefined;
  readonly everyMinutes?: number | null | undefined;
}): Result<Schedule> {
  const [at, minutes] = [dailyAt ?? undefined, everyMinutes ?? undefined];
  if (at !== undefined && minutes !== undefined)
    return refuse(settlementProblems.invalid_schedule('Both are given.'));
  if (at !== undefined)
    return TIME.test(at)
      ? ok({ kind: 'daily', at })
      : refuse(settlementProblems.invalid_schedule(`${at} is not a time.`));
  if (minutes === undefined) return ok({ kind: 'none' });
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= MOST_MINUTES
    ? ok({ kind: 'every', minutes })
    : refuse(settlementProblems.invalid_schedule(`${minutes} is not possible.`));
}
