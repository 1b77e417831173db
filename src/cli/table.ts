// Rows of text as lines with straight columns, and text that does nothing to a terminal, for
// people.

/** The first row is the heading. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_heading, index) =>
    Math.max(...rows.map((cells) => (cells[index] ?? '').length)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * Text of another person's without characters that a terminal obeys or does not show: each becomes
 * one that is seen.
 */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
