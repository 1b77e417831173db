// The calendar of the network: turns a moment into a day, an hour and a weekday in the network's
// time zone.

import { NEVER, type Day } from './time.ts';

/** A moment as clocks and calendars in the zone show it. */
export interface LocalTime {
  readonly day: Day;
  /** 0..23. */
  readonly hour: number;
  /** 1 (Monday) .. 7 (Sunday), ISO 8601. */
  readonly weekday: number;
}

/**
 * 15 minutes, in milliseconds. Every offset in the time zone database in force is a multiple of it,
 * and every change of an offset happens at a multiple of it. So day, hour and weekday stay the same
 * within a quarter of an hour.
 */
const QUARTER_MS = 900_000;

/**
 * Converts moments in one IANA time zone. It remembers the result for the last quarter of an hour,
 * because moments mostly come in the order of time.
 */
export class Calendar {
  readonly timeZone: string;
  private quarter = Number.NaN;
  private known: LocalTime = { day: '', hour: 0, weekday: 1 };

  constructor(timeZone: string) {
    this.timeZone = timeZone;
  }

  /** The local time of a moment, given in milliseconds since the Unix epoch. */
  at(atMs: number): LocalTime {
    const quarter = Math.floor(atMs / QUARTER_MS);
    if (quarter === this.quarter) return this.known;
    const local = Temporal.Instant.fromEpochMilliseconds(quarter * QUARTER_MS).toZonedDateTimeISO(
      this.timeZone,
    );
    this.known = {
      day: local.toPlainDate().toString(),
      hour: local.hour,
      weekday: local.dayOfWeek,
    };
    this.quarter = quarter;
    return this.known;
  }

  /** The local day of a moment, given in milliseconds since the Unix epoch. */
  dayOf(atMs: number): Day {
    return this.at(atMs).day;
  }
}

/**
 * True for an IANA time zone name that this machine knows; false for a bare offset such as
 * `+02:00`.
 */
export function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** The last day of the month that contains `day`. */
export function lastOfMonth(day: Day): Day {
  // Computed at every transaction under a monthly limit. Temporal would take ten times as long.
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  return `${day.slice(0, 8)}${new Date(Date.UTC(year, month, 0)).getUTCDate()}`;
}

/**
 * The day that is `months` later, or the last day of that month if the month is too short. NEVER
 * stays NEVER.
 */
export function addMonths(day: Day, months: number): Day {
  return day === NEVER ? NEVER : Temporal.PlainDate.from(day).add({ months }).toString();
}
