// Sums come from the database as text, because they may be wider than its own integers.

export function toBigint(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
