// How long a server asks to be left alone: Retry-After of RFC 9110 (10.2.3), seconds or a date.
// Pure.

/** Milliseconds from now; 0 for what is neither. */
export function readRetryAfter(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}
