// Rows of text as lines with straight columns, and text that does nothing to a terminal, for
// people.

import stringWidth from 'string-width';

/** The first row is the heading. A Chinese character takes two columns of a terminal. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_heading, index) =>
    Math.max(...rows.map((cells) => stringWidth(cells[index] ?? ''))),
  );
  return rows.map((cells) =>
    cells
      .map((cell, index) => padEnd(cell, widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function padEnd(cell: string, columns: number): string {
  return cell + ' '.repeat(Math.max(0, columns - stringWidth(cell)));
}

/**
 * Text of another person's without characters that a terminal obeys or does not show: each becomes
 * one that is seen.
 */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
