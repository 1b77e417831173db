// Reads CSV records from lines (RFC 4180). A malformed record spoils only its own first line.

import { parse } from 'csv-parse/sync';

import type { Line } from './read-lines.ts';

export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly fault: string };

/**
 * The most lines of one record. Without it, a quote that is never closed would take the rest of
 * the file.
 */
const MAX_LINES_IN_RECORD = 20;

/** The first record sets the number of fields of all. Empty lines are skipped. */
export async function* readRecords(lines: AsyncIterable<Line>): AsyncGenerator<CsvRecord> {
  const source = lines[Symbol.asyncIterator]();
  const putBack: Line[] = [];
  const next = async (): Promise<Line | undefined> => {
    const waiting = putBack.shift();
    if (waiting !== undefined) return waiting;
    const { value, done } = await source.next();
    return done === true ? undefined : value;
  };
  let width: number | undefined;
  try {
    for (let line = await next(); line !== undefined; line = await next()) {
      if (line.text === '') continue;
      const extra: Line[] = [];
      let text = line.text;
      while (text !== undefined && hasOpenQuote(text) && extra.length < MAX_LINES_IN_RECORD) {
        const more = await next();
        if (more === undefined) break;
        extra.push(more);
        text = more.text === undefined ? undefined : `${text}\n${more.text}`;
      }
      const read = text === undefined ? 'is too long' : fieldsOf(text);
      const fault =
        typeof read === 'string'
          ? read
          : width !== undefined && read.length !== width
            ? `has ${read.length} fields where the header has ${width}`
            : undefined;
      if (fault === undefined && typeof read !== 'string') {
        width ??= read.length;
        yield { line: line.number, fields: read };
        continue;
      }
      // Only the first line is skipped: the lines after it are read as records of their own.
      putBack.unshift(...extra);
      yield { line: line.number, fault: fault ?? 'cannot be read' };
    }
  } finally {
    await source.return?.(undefined);
  }
}

function hasOpenQuote(text: string): boolean {
  let open = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) open = !open;
  return open;
}

/** Returns the fields, or the fault. */
function fieldsOf(text: string): readonly string[] | string {
  if (!text.includes('"')) return text.split(',');
  try {
    const records: string[][] = parse(text, { relax_column_count: true });
    const [fields] = records;
    return fields === undefined || records.length !== 1 ? 'has a misplaced quote' : fields;
  } catch {
    return 'has a misplaced quote';
  }
}
