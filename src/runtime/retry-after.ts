// Reads Retry-After (RFC 9110, 10.2.3): how long a server asks to be left alone, in seconds or
// until a date. Pure.

/** Milliseconds from `nowMs`; 0 for a text that is neither seconds nor a date. */
export function readRetryAfter(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}
