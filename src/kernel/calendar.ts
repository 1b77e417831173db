// The network's own calendar: which day, hour and weekday a moment is in the time zone of the
// network.

import { NEVER, type Day } from './time.ts';

/** A moment as people in the zone would write it. */
export interface LocalTime {
  readonly day: Day;
  /** 0..23. */
  readonly hour: number;
  /** 1 (Monday) .. 7 (Sunday), ISO 8601. */
  readonly weekday: number;
}

/**
 * Every offset of the time zone database in force is a multiple of a quarter of an hour, and so is
 * every change of it.
 */
const QUARTER_MS = 900_000;

/** Remembers the quarter of an hour asked for last: questions come in the order of time. */
export class Calendar {
  readonly timeZone: string;
  private quarter = Number.NaN;
  private known: LocalTime = { day: '', hour: 0, weekday: 1 };

  constructor(timeZone: string) {
    this.timeZone = timeZone;
  }

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

  dayOf(atMs: number): Day {
    return this.at(atMs).day;
  }
}

/** True for an IANA time zone name that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** The last day of the month that a day is in. */
export function lastOfMonth(day: Day): Day {
  // Asked at every transaction under a limit of months: Temporal would take ten times as long.
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7))];
  return `${day.slice(0, 8)}${new Date(Date.UTC(year, month, 0)).getUTCDate()}`;
}

/**
 * The day that many months later; the last day of the month when it has no such day. NEVER stays
 * NEVER.
 */
export function addMonths(day: Day, months: number): Day {
  return day === NEVER ? NEVER : Temporal.PlainDate.from(day).add({ months }).toString();
}
