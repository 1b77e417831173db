// When a window is to be closed by itself: every day at a time of the network's zone, or so many minutes after it was opened. Pure.

import type { Schedule } from './types.ts';

const MINUTE_MS = 60_000;

/** True when a window opened at `openedAtMs` should have been closed by now. */
export function isDue(schedule: Schedule, openedAtMs: number, nowMs: number, timeZone: string): boolean {
  switch (schedule.kind) {
    case 'none': return false;
    case 'every': return nowMs - openedAtMs >= schedule.minutes * MINUTE_MS;
    case 'daily': return openedAtMs < latestOf(schedule.at, nowMs, timeZone);
  }
}

/** The last moment, not after now, at which clocks in the zone showed the time. A time that a change of the clocks leaves out is taken an hour later. */
function latestOf(at: string, nowMs: number, timeZone: string): number {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const on = (day: Temporal.PlainDate): number => day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(at) }).epochMilliseconds;
  const todays = on(today);
  return todays <= nowMs ? todays : on(today.subtract({ days: 1 }));
}
