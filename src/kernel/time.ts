// Time in the program: a clock that tests can replace, and calendar days as ISO text.

/** The source of the present time. Tests may fake this and faults, nothing else. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The clock of this machine. */
export const systemClock: Clock = { now: () => Date.now() };

/** A calendar day, `YYYY-MM-DD`, or `infinity` for "never". Comparing the texts orders the days. */
export type Day = string;

/**
 * The last day of things that never expire. It sorts after every real day, and PostgreSQL reads it
 * as the date `infinity`.
 */
export const NEVER: Day = 'infinity';

/** A day of 24 hours, in milliseconds. */
export const DAY_MS = 86_400_000;

/**
 * An RFC 3339 time in milliseconds since the Unix epoch. Undefined for a time that does not exist,
 * such as the 30th of February.
 */
export function parseMoment(text: string): number | undefined {
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) || !isDay(text.slice(0, 10)) ? undefined : atMs;
}

/**
 * A moment as every answer, event, file and line of the program writes it: RFC 3339 in UTC with
 * milliseconds. Null stays null.
 */
export function formatMoment(at: number | Date): string;
export function formatMoment(at: number | Date | null): string | null;
export function formatMoment(at: number | Date | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** True for `YYYY-MM-DD` that exists in the calendar. */
export function isDay(text: string): boolean {
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && dayOf(atMs) === text;
}

/** The UTC day of a moment, given in milliseconds since the Unix epoch. */
export function dayOf(atMs: number): Day {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** The day `days` after `day`; NEVER stays NEVER. */
export function addDays(day: Day, days: number): Day {
  return day === NEVER ? NEVER : dayOf(Date.parse(day) + days * DAY_MS);
}

/** The number of days from `from` to `to`; neither may be NEVER. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** The earlier of two days. */
export function earlierDay(a: Day, b: Day): Day {
  return a < b ? a : b;
}
