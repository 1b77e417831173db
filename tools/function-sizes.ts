// Measures the length of functions as the linter counts it: from the first line to the last,
// including comments and inner functions.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './source-tree.ts';

export interface FunctionSize {
  readonly path: string;
  /** Undefined for a function that is an argument of a call, such as the body of a test. */
  readonly name: string | undefined;
  readonly lines: number;
  /** The lines that are not part of an inner function. */
  readonly ownLines: number;
}

interface Report {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly filename: string;
    readonly labels: readonly {
      readonly span: { readonly offset: number; readonly length: number };
    }[];
  }[];
}

interface Span extends Omit<FunctionSize, 'ownLines'> {
  readonly start: number;
  readonly end: number;
}

/** Every function of more than one line in some folders of the checkout. */
export function measureFunctions(folders: readonly string[], root = ROOT): FunctionSize[] {
  const byFile = Map.groupBy(readSpans(folders, root), ({ path }) => path);
  return [...byFile.values()].flatMap((spans) =>
    spans.map(({ start, end, ...span }) => {
      const inside = spans.filter((other) => other.start > start && other.end <= end);
      const outermost = inside.filter(
        (one) => !inside.some((other) => other.start < one.start && one.end <= other.end),
      );
      return { ...span, ownLines: span.lines - outermost.reduce((sum, one) => sum + one.lines, 0) };
    }),
  );
}

function readSpans(folders: readonly string[], root: string): Span[] {
  return lint(folders, root).diagnostics.map(({ message, filename, labels }) => {
    const { offset, length } = labels[0]?.span ?? { offset: 0, length: 0 };
    return {
      path: filename,
      name: /`(.+?)`/.exec(message)?.[1],
      lines: Number(/\((\d+)\)/.exec(message)?.[1]),
      start: offset,
      end: offset + length,
    };
  });
}

function lint(folders: readonly string[], root: string): Report {
  const folder = mkdtempSync(join(tmpdir(), 'pontis-lint-'));
  const config = join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      categories: { correctness: 'off' },
      rules: { 'max-lines-per-function': ['warn', { max: 1 }] },
    }),
  );
  try {
    const told = execFileSync(
      join(ROOT, 'node_modules', '.bin', 'oxlint'),
      ['-c', config, '--format=json', ...folders],
      { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    return JSON.parse(told) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
