// The form of documents: versions and groups of the changelog, numbers of decisions without gaps,
// and one tour in two languages.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from '../src/runtime/program.ts';
import { fencedBlocks } from '../test/fixtures/tour.ts';
import { ROOT } from './source-tree.ts';

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

  test('send their readers to the same documents', () => {
    expect(linksOf('README.zh-CN.md')).toEqual(linksOf('README.md'));
  });
});
