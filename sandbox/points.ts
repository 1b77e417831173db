// Points as whole hundredths, exact from the text of a request to the database and back. Nothing is
// ever computed in floats.

/**
 * 10^15 hundredths. Up to this bound, a JSON number with two decimals stands for exactly one value.
 */
const MAX_HUNDREDTHS = 10n ** 15n;
const DECIMAL = /^(-?)(\d{1,20})(?:\.(\d{1,20}))?$/;

/**
 * Decimal text → hundredths. Undefined when the text is not a number, has more than two decimals or
 * is too large. Never rounds.
 */
export function parsePoints(text: string): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 2) return undefined;
  const hundredths = BigInt(whole + digits.padEnd(2, '0'));
  if (hundredths > MAX_HUNDREDTHS) return undefined;
  return sign === '-' ? -hundredths : hundredths;
}

/** Hundredths → a JSON number, or decimal text when a number would not be exact. */
export function formatPoints(hundredths: bigint): number | string {
  const size = hundredths < 0n ? -hundredths : hundredths;
  const digits = size.toString().padStart(3, '0');
  const text = `${hundredths < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  return size > MAX_HUNDREDTHS ? text : Number(text);
}
