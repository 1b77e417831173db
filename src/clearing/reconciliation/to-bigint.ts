// Reads sums, which the database returns as text because they may be wider than its integers.

export function toBigint(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
