// Reads the physical lines of a file, plain or gzip, one at a time with their numbers, in bounded
// memory.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream';

import { messageOf, OperatorError } from '../runtime/operator-error.ts';

export interface Line {
  readonly number: number;
  /** Undefined when the line is too long to be kept. */
  readonly text: string | undefined;
}

export interface LineFile {
  readonly sizeBytes: number;
  /** Bytes of the file consumed so far, for progress. */
  readBytes(): number;
  lines(): AsyncGenerator<Line>;
}

const MAX_LINE_CHARACTERS = 1_000_000;

/** Throws an error for faults that the person can correct: no file, not readable, a folder. */
export async function openLines(path: string): Promise<LineFile> {
  const { sizeBytes, compressed } = await inspect(path);
  let source: ReturnType<typeof createReadStream> | undefined;
  return {
    sizeBytes,
    readBytes: () => source?.bytesRead ?? 0,
    async *lines() {
      source = createReadStream(path);
      // Errors of either stream end the iteration below; without the callback they would end the
      // process.
      const bytes = compressed ? pipeline(source, createGunzip(), () => undefined) : source;
      yield* splitLines(bytes);
    },
  };
}

async function inspect(path: string): Promise<{ sizeBytes: number; compressed: boolean }> {
  try {
    await using file = await open(path, 'r');
    const facts = await file.stat();
    // A pipe cannot be read twice, and its size is not known.
    if (!facts.isFile()) throw new OperatorError('badInput', `${path} is not a file.`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return {
      sizeBytes: facts.size,
      compressed: bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b,
    };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError('noInput', `${path} cannot be read (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

/** Accepts a byte order mark, LF or CR LF, and a last line without a line end. */
export async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let number = 1;
  let rest = '';
  let tooLong = false;
  const lineOf = (text: string): Line => ({
    number,
    text:
      tooLong || text.length > MAX_LINE_CHARACTERS
        ? undefined
        : text.endsWith('\r')
          ? text.slice(0, -1)
          : text,
  });
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      yield lineOf(part);
      number += 1;
      tooLong = false;
    }
    if (rest.length > MAX_LINE_CHARACTERS) {
      tooLong = true;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (rest !== '' || tooLong) yield lineOf(rest);
}
