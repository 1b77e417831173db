// Rows of text as lines with straight columns, for people.

/** The first row is the heading. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_heading, index) => Math.max(...rows.map((cells) => (cells[index] ?? '').length)));
  return rows.map((cells) => cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ').trimEnd());
}
