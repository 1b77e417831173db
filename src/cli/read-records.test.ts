// Reads lines and records from bytes: valid CSV is read, and a malformed line spoils only itself.

import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from './read-lines.ts';
import { readRecords, type CsvRecord } from './read-records.ts';

async function read(text: string | Uint8Array, chunkSize = 7): Promise<CsvRecord[]> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
  }
  const records: CsvRecord[] = [];
  for await (const record of readRecords(splitLines(chunks()))) records.push(record);
  return records;
}

describe('records', () => {
  it('come with the number of their first line', async () => {
    expect(await read('\uFEFFa,b\r\n1,"x, y"\r\n\r\n2,"two\nlines ""quoted"""\n3,€')).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['1', 'x, y'] },
      { line: 4, fields: ['2', 'two\nlines "quoted"'] },
      { line: 6, fields: ['3', '€'] },
    ]);
  });

  it('that are malformed cost only their own line', async () => {
    const text = ['a,b', '1,"open', '2,x', '3', '4,x,y', '5,x"y', '6,x', '7,"a"b', '8,x'].join(
      '\n',
    );
    expect(await read(text)).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fault: 'has a misplaced quote' },
      { line: 3, fields: ['2', 'x'] },
      { line: 4, fault: 'has 1 fields where the header has 2' },
      { line: 5, fault: 'has 3 fields where the header has 2' },
      { line: 6, fault: 'has a misplaced quote' },
      { line: 7, fields: ['6', 'x'] },
      { line: 8, fault: 'has a misplaced quote' },
      { line: 9, fields: ['8', 'x'] },
    ]);
  });

  it('after a quote that is never closed are read', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => `${index},x`);
    const records = await read(['a,b', '"', ...rows].join('\n'));
    expect(records.filter((record) => 'fault' in record)).toEqual([
      { line: 2, fault: 'has a misplaced quote' },
    ]);
    expect(records).toHaveLength(102);
  });

  it('too long to be kept are passed over', async () => {
    const records = await read(
      `a,b\n1,${'x'.repeat(1_500_000)}\n2,y\n3,${'z'.repeat(1_200_000)}`,
      65_536,
    );
    expect(records).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fault: 'is too long' },
      { line: 3, fields: ['2', 'y'] },
      { line: 4, fault: 'is too long' },
    ]);
  });

  it('are none in an empty file', async () => expect(await read('')).toEqual([]));

  it('are what csv-parse reads, for every table', async () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é', '0'),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 20 }),
        async (table, chunkSize) => {
          const text = table
            .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
            .join('\n');
          const expected: string[][] = parse(text);
          expect(
            (await read(text, chunkSize)).map((record) =>
              'fields' in record ? record.fields : record.fault,
            ),
          ).toEqual(expected);
        },
      ),
    );
  });
});
