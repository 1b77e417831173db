// Reads an earnings file as a stream of earnings and faults, each with its line number.

import { OperatorError } from '../runtime/operator-error.ts';
import { createRowParser, type ColumnMap, type Earning } from './parse-earning.ts';
import { openLines } from './read-lines.ts';
import { readRecords } from './read-records.ts';

export type EarningRow =
  | { readonly line: number; readonly earning: Earning }
  | { readonly line: number; readonly fault: string };

export interface EarningsFile {
  readonly path: string;
  readonly sizeBytes: number;
  readBytes(): number;
  /**
   * Each call reads from the start again. Throws if the file as a whole cannot be read as earnings.
   */
  rows(): AsyncGenerator<EarningRow>;
}

export async function openEarnings(
  path: string,
  map: ColumnMap,
  scale: number,
): Promise<EarningsFile> {
  const file = await openLines(path);
  return {
    path,
    sizeBytes: file.sizeBytes,
    readBytes: file.readBytes,
    async *rows() {
      let parse: Exclude<ReturnType<typeof createRowParser>, string> | undefined;
      let line = 0;
      try {
        for await (const record of readRecords(file.lines())) {
          line = record.line;
          if (parse === undefined) {
            const made =
              'fault' in record
                ? `The header ${record.fault}.`
                : createRowParser(record.fields, map, scale);
            if (typeof made === 'string')
              throw new OperatorError(
                'badInput',
                `${path} is not the file that --map describes. ${made}`,
              );
            parse = made;
            continue;
          }
          const earning = 'fault' in record ? record.fault : parse(record.fields);
          yield typeof earning === 'string' ? { line, fault: earning } : { line, earning };
        }
      } catch (error) {
        throw isDamage(error)
          ? new OperatorError(
              'badInput',
              `${path} is damaged after line ${line}: ${error.message}.`,
              { cause: error },
            )
          : error;
      }
      if (parse === undefined)
        throw new OperatorError(
          'badInput',
          `${path} is empty; its first line must name the columns.`,
        );
    },
  };
}

/** A truncated or broken gzip stream, or a disk that cannot be read. */
function isDamage(error: unknown): error is Error {
  const code = String((error as { code?: unknown } | null)?.code);
  return error instanceof Error && (code.startsWith('Z_') || code === 'EIO');
}
