// How wide and how long the code is: lines, files and functions that a reader can hold in view.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { measureFunctions, type FunctionSize } from './function-sizes.ts';
import { isTest, readSources, type SourceFile } from './source-tree.ts';

const FOLDERS = ['src', 'test', 'tools', 'bench', 'sandbox', 'examples'];

const WIDTH = 100;
/** Titles of tests, addresses and texts that would be harder to read or to find in two parts. */
const MAX_WIDE_SHARE = 0.01;

const MAX_LINES = 100;
/**
 * These make a set of functions over the same parts, as a class would have methods. Each of them is
 * read by itself and counts by itself; what is left of the whole is short.
 */
const SETS = [
  'bench/rules.ts: measureRules',
  'bench/sagas.ts: measureSagas',
  'bench/window.ts: measureWindow',
  'sandbox/ledger.ts: openLedger',
  'sandbox/server.ts: createServer',
  'src/connections/create-connections.ts: createConnections',
  'src/identity/identity.ts: createIdentity',
  'src/rewards/redemptions.ts: createRedemptions',
  'src/rewards/rewards.ts: createRewards',
  'src/valuation/proposals.ts: createProposals',
  'src/views/statement-csv.ts: statementCsv',
  'src/views/statement-html.ts: statementHtml',
  'test/fixtures/clearing-problems.ts: clearingCases',
  'test/fixtures/dispute-problems.ts: disputeCases',
  'test/fixtures/ledger-view.ts: createMemoryLedger',
  'test/fixtures/operator-problems.ts: operatorCases',
  'test/fixtures/under-fire/verdict.ts: judge',
];
/** Others that are longer, each with the reason why it is better in one piece. */
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  'src/context.ts: createContext':
    'Makes every part of the program once, in the order in which they need each other.',
  'test/fixtures/decision-pair.ts: translate':
    'One case for each kind of command, in the words of the model.',
  'test/fixtures/api.ts: createTestApi':
    'Makes every part of the API once, as `createContext` does, with the ways to call it.',
};
/** The body of a test tells one story in its order, so it may be longer. */
const MAX_STORY_LINES = 200;

const nameOf = ({ path, name }: FunctionSize): string => `${path}: ${name ?? 'a function'}`;

/** What is wrong with the sizes of some functions. */
function faultsOf(sizes: readonly FunctionSize[]): string[] {
  return sizes
    .filter((size) => {
      if (size.name === undefined && isTest(size.path)) return size.ownLines > MAX_STORY_LINES;
      if (size.lines <= MAX_LINES || LONG_FUNCTIONS[nameOf(size)] !== undefined) return false;
      return !SETS.includes(nameOf(size)) || size.ownLines > MAX_LINES;
    })
    .map((size) => `${nameOf(size)} has ${size.lines} lines, ${size.ownLines} of its own`);
}

/** The share of lines that are wider than they should be. */
function wideShare(files: readonly Pick<SourceFile, 'text'>[]): number {
  const lines = files.flatMap(({ text }) => text.split('\n').slice(0, -1));
  return lines.filter((line) => [...line].length > WIDTH).length / lines.length;
}

describe('lines', () => {
  test.each(FOLDERS)(`of %s: at most one in a hundred is wider than ${WIDTH}`, (folder) => {
    expect(wideShare(readSources(folder))).toBeLessThanOrEqual(MAX_WIDE_SHARE);
  });

  test('and this rule counts characters', () => {
    expect(wideShare([{ text: `${'x'.repeat(101)}\n${'中'.repeat(100)}\n` }])).toBe(0.5);
  });
});

describe('functions', () => {
  const sizes = measureFunctions(FOLDERS);

  test(`have at most ${MAX_LINES} lines, or a reason`, () => {
    expect(faultsOf(sizes)).toEqual([]);
  });

  test('and no reason is given that is not needed any more', () => {
    const long = sizes.filter(({ lines }) => lines > MAX_LINES).map(nameOf);
    expect(
      [...SETS, ...Object.keys(LONG_FUNCTIONS)].filter((name) => !long.includes(name)),
    ).toEqual([]);
  });

  test('are measured whole, and without the functions inside them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pontis-sizes-'));
    const inner = `  const inner = () => {\n${'    f();\n'.repeat(90)}  };\n`;
    writeFileSync(join(folder, 'a.ts'), `function outer() {\n${inner}${'  f();\n'.repeat(30)}}\n`);
    try {
      const [outer, ...others] = measureFunctions(['a.ts'], folder);
      expect(outer).toEqual({ path: 'a.ts', name: 'outer', lines: 124, ownLines: 32 });
      expect(others).toMatchObject([{ lines: 92, ownLines: 92 }]);
      expect(faultsOf(outer === undefined ? [] : [outer])).toHaveLength(1);
      expect(faultsOf([{ path: 'a.test.ts', name: undefined, lines: 250, ownLines: 201 }])).toEqual(
        ['a.test.ts: a function has 250 lines, 201 of its own'],
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
