// Prints rows as straight columns for people, and replaces characters that could control a
// terminal.

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

/** A value of a view as a cell; null is printed as `nothing`. */
function cellText(value: unknown, nothing = '-'): string {
  if (value === null || value === undefined || value === '') return nothing;
  return printable(Array.isArray(value) ? value.join(', ') : String(value));
}

/** Rows of a view under a heading with the names of the shown columns. */
export function rowLines<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, unknown>>[],
  nothing = '-',
): string[] {
  return tableLines([
    columns,
    ...rows.map((row) => columns.map((column) => cellText(row[column], nothing))),
  ]);
}

/** The fields of one object, one below the other. */
export function fieldLines(fields: readonly (readonly [name: string, value: unknown])[]): string[] {
  return tableLines(fields.map(([name, value]) => [name, cellText(value)]));
}

/**
 * Text from outside without characters that a terminal obeys or does not show: each is replaced by
 * one that can be seen.
 */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
