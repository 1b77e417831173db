// The form of documents: versions and groups of the changelog, numbers of decisions without gaps,
// one tour in two languages, words defined once, and paths that exist.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from '../src/runtime/program.ts';
import { fencedBlocks } from '../test/fixtures/tour.ts';
import { readMentionedPaths, ROOT } from './source-tree.ts';

const GROUPS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What is wrong with the form of a changelog by Keep a Changelog 1.1.0. */
function faultsOfChangelog(text: string): string[] {
  const versions: string[] = [];
  const faults: string[] = [];
  let groups: string[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [mark = '', ...words] = line.split(' ');
    const title = words.join(' ');
    if (mark === '##') {
      if (!/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/.test(title)) faults.push(line);
      versions.push(title);
      groups = [];
    } else if (mark === '###') {
      if (!GROUPS.includes(title) || groups.includes(title)) faults.push(line);
      groups.push(title);
    } else if (mark === '-' && groups.length === 0) faults.push(line);
  }
  const sorted = versions.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return versions.join() === sorted.join()
    ? faults
    : [...faults, 'the newest version is not first'];
}

/** What is wrong with the numbers of decisions, by their file names. */
function faultsOfDecisions(names: readonly string[]): string[] {
  return names
    .toSorted()
    .filter((name, index) => !name.startsWith(`${String(index + 1).padStart(4, '0')}-`));
}

describe('the changelog', () => {
  test('has versions, the newest first, and in each the groups of Keep a Changelog', () => {
    expect(faultsOfChangelog(readText('CHANGELOG.md'))).toEqual([]);
  });

  test('begins with the version that the program says it has', () => {
    const [newest] = /(?<=^## \[)[^\]]+/m.exec(readText('CHANGELOG.md')) ?? [];
    expect(newest).toBe(PROGRAM.version);
  });

  test('and this rule catches what it forbids', () => {
    const good = '# C\n\n## [1.10.0] - 2026-01-02\n\n### Added\n\n- x\n\n## [1.9.0] - 2026-01-01\n';
    expect(faultsOfChangelog(good)).toEqual([]);
    for (const [from, to] of [
      ['[1.10.0] - 2026-01-02', 'Unreleased'],
      ['### Added', '### New'],
      ['### Added\n\n', ''],
      ['1.10.0', '1.8.0'],
      ['- x', '### Added'],
    ] as const)
      expect(faultsOfChangelog(good.replace(from, to)), to).toHaveLength(1);
  });
});

describe('decisions', () => {
  test('are numbered from 0001 without a gap, as their headings say', () => {
    const names = readdirSync(join(ROOT, 'docs/decisions'));
    expect(faultsOfDecisions(names)).toEqual([]);
    for (const name of names)
      expect(readText(`docs/decisions/${name}`), name).toMatch(
        new RegExp(`^# ${name.slice(0, 4)}: `),
      );
  });

  test('and this rule catches what it forbids', () => {
    expect(faultsOfDecisions(['0002-b.md', '0001-a.md'])).toEqual([]);
    expect(faultsOfDecisions(['0001-a.md', '0003-c.md'])).toEqual(['0003-c.md']);
    expect(faultsOfDecisions(['0001-a.md', '0001-b.md'])).toEqual(['0001-b.md']);
  });
});

/** The fenced blocks without the remarks, which are in the language of the page. */
function blocksOf(path: string): string[] {
  return fencedBlocks(readText(path)).map(
    ({ language, text }) => `${language}\n${text.replaceAll(/ +# .*/g, '')}`,
  );
}

/** Our documents that a page links to. */
function linksOf(path: string): string[] {
  return [...readText(path).matchAll(/\]\(([\w./-]+\.md)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !link.startsWith('README'));
}

describe('the READMEs in both languages', () => {
  test('have the same commands in the same order, with the same outputs', () => {
    expect(blocksOf('README.zh-CN.md')).toEqual(blocksOf('README.md'));
  });

  test('and the Chinese one has the punctuation marks of Chinese', () => {
    const prose = readText('README.zh-CN.md').replaceAll(/^```[\s\S]*?^```$/gm, '');
    expect(prose.match(/.*\p{Script=Han}[,:;(].*|.*[,:;)]\p{Script=Han}.*/gu)).toBeNull();
    expect(prose.match(/.*[`)][,:;](?!\/\/).*/g)).toBeNull();
  });

  test('send their readers to the same documents', () => {
    expect(linksOf('README.zh-CN.md')).toEqual(linksOf('README.md'));
  });
});

/** Documents that lead through the source. */
const MAPS = ['ARCHITECTURE.md', 'docs/walkthrough-transfer.md', 'sandbox/README.md'];

/** Every page of the checkout, as paths from it. */
function listDocuments(): string[] {
  return ['', 'docs', 'sandbox', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: folder !== '', encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => posix.join(folder, name)),
  );
}

/** The first file of the source that each numbered step of a document names. */
function readSteps(text: string): string[] {
  return [...text.matchAll(/^\d+\. .*$/gm)].flatMap(
    ([step]) => /`(src\/[\w./-]+\.ts)`/.exec(step)?.[1] ?? [],
  );
}

/** Whether the opening of a file says what comes before it and what comes next. */
function saysWhere(text: string): boolean {
  const opening = (/^(?:\/\/ .*\n)+/.exec(text)?.[0] ?? '').replaceAll('\n// ', ' ');
  return /\bBefore this: /.test(opening) && /\b(?:Next|After this|On the way): /.test(opening);
}

describe('the walkthrough', () => {
  const walkthrough = readText('docs/walkthrough-transfer.md');

  test('leads to files that say what comes before and what comes next', () => {
    const steps = readSteps(walkthrough);
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.filter((path) => !saysWhere(readText(path)))).toEqual([]);
  });

  test('and this rule catches what it forbids', () => {
    expect(readSteps('1. `src/a/b.ts` and `src/a/c.ts`.\n2. Nothing.\n3. `src/d.ts`.')).toEqual([
      'src/a/b.ts',
      'src/d.ts',
    ]);
    expect(saysWhere('// It is. Before this: x. Next:\n// y.\n')).toBe(true);
    expect(saysWhere('// It is. Next: y.\n\n// Before this: x.\n')).toBe(false);
  });
});

/** Words that the glossary defines, each as often as it does. */
function readWords(glossary: string): string[] {
  return glossary
    .split('\n')
    .filter((line) => /^\| (?!word \||-)/.test(line))
    .flatMap((line) => line.split('|')[1]?.split(',') ?? [])
    .map((word) => word.trim());
}

/** Those that are there more than once. */
function repeated(words: readonly string[]): string[] {
  return words.filter((word, index) => words.indexOf(word) !== index);
}

describe('the glossary', () => {
  test('defines each word once', () => {
    const words = readWords(readText('docs/glossary.md'));
    expect(words.length).toBeGreaterThan(100);
    expect(repeated(words)).toEqual([]);
  });

  test('and this rule catches what it forbids', () => {
    const table = '| word | meaning |\n|---|---|\n| act | a |\n| net, gross | b |\n| act | c |';
    expect(repeated(readWords(table))).toEqual(['act']);
    expect(readWords(table)).toContain('gross');
  });
});

describe('documents name files that exist', () => {
  for (const document of listDocuments()) {
    test(document, () => {
      const mentioned = readMentionedPaths(document, readText(document));
      if (MAPS.includes(document)) expect(mentioned.length).toBeGreaterThan(0);
      expect(
        mentioned.filter(
          (path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, 'src', path)),
        ),
      ).toEqual([]);
    });
  }

  test('and only what looks like a path is taken for one', () => {
    const text =
      'See `src/ledger/store.ts:post`, `kernel/amount.ts`, `/api/points/transfer`, `a/b`, ' +
      '`src/<module>/`, [more](decisions/0001-x.md#why), [web](https://x.org/a.md).';
    expect(readMentionedPaths('docs/a.md', text)).toEqual([
      'src/ledger/store.ts',
      'kernel/amount.ts',
      'docs/decisions/0001-x.md',
    ]);
  });
});
