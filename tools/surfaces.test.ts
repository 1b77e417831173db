// How modules are entered and how large they are: a surface exports only the names that others use,
// and no module holds too much of the program.

import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';

import {
  isTest,
  moduleOf,
  readImports,
  readSources,
  surfaceOf,
  type SourceFile,
} from './source-tree.ts';

/** Most names of a file that only re-exports: people read such a file as a list, if it is short. */
const MAX_PASSED_ON = 50;
/** Share of all lines of TypeScript under `src`, including tests. */
const MAX_SHARE = 0.16;

const sources = readSources('src');
const everything = [...sources, ...['test', 'tools', 'bench', 'sandbox'].flatMap(readSources)];

const PASSED_ON = /^export (?:type )?(?:\{([^}]*)\}|(\*)(?: as \w+)?) from '[^']+';\n?/gm;

/** The names that a file re-exports, as its importers know them; `*` for all names of a file. */
function readPassedOn(text: string): string[] {
  return [...text.matchAll(PASSED_ON)].flatMap(([, names, all]) =>
    all === undefined
      ? (names ?? '')
          .split(',')
          .map((name) =>
            name
              .trim()
              .replace(/^type /, '')
              .replace(/^.* as /, ''),
          )
          .filter((name) => name !== '')
      : [all],
  );
}

/** True for a file that only re-exports names. */
function onlyPassesOn(text: string): boolean {
  const code = text.replace(PASSED_ON, '').replace(/^\s*\/\/.*$/gm, '');
  return readPassedOn(text).length > 0 && code.trim() === '';
}

const IMPORTED = /^(?:import|export) (?:type )?\{([^}]*)\} from '([^']+)';/gm;

/** Whether a file imports a name from a surface; in one that loads it as a whole, any use counts. */
function importsName({ path, text }: SourceFile, surface: string, name: string): boolean {
  const lists = [...text.matchAll(IMPORTED)].filter(
    ([, , target = '']) => posix.join(posix.dirname(path), target) === surface,
  );
  const loadsIt = text.includes('import(');
  const places = loadsIt ? [text] : lists.map(([, names = '']) => names);
  return places.some((place) => new RegExp(`\\b${name}\\b`).test(place));
}

/** Names that a surface re-exports and that no other module and no test imports. */
function unusedNames(surface: SourceFile, files: readonly SourceFile[]): string[] {
  const users = files.filter(
    ({ path, imports }) =>
      imports.includes(surface.path) && (isTest(path) || moduleOf(path) !== moduleOf(surface.path)),
  );
  return readPassedOn(surface.text).filter(
    (name) => !users.some((user) => importsName(user, surface.path, name)),
  );
}

const DEFINED = /^export (?:async )?(?:const|function|class) (\w+)/gm;

/** Values that a file exports or passes on, and types that it passes on, which nobody imports. */
function idleExports(file: SourceFile, files: readonly SourceFile[]): string[] {
  const users = files.filter(({ imports }) => imports.includes(file.path));
  const names = [...file.text.matchAll(DEFINED)].map(([, name = '']) => name);
  return [...names, ...readPassedOn(file.text)].filter(
    (name) => !users.some((user) => importsName(user, file.path, name)),
  );
}

/** The unit whose size counts: a module, a room of a wing, or a folder of the API. */
function sizeUnitOf(path: string): string {
  const module = moduleOf(path) ?? '';
  const [, , folder = '', file] = path.split('/');
  return module === 'api' && file !== undefined ? posix.join(module, folder) : module;
}

/** The share of each unit in all lines of some files. */
function sharesOf(files: readonly SourceFile[]): Map<string, number> {
  const lines = new Map<string, number>();
  let all = 0;
  for (const { path, text } of files) {
    const count = text.split('\n').length - 1;
    const unit = sizeUnitOf(path);
    lines.set(unit, (lines.get(unit) ?? 0) + count);
    all += count;
  }
  return new Map([...lines].map(([unit, count]) => [unit, count / all]));
}

function fileOf(path: string, text: string): SourceFile {
  return { path, text, imports: readImports(path, text) };
}

describe('a surface', () => {
  test('names what another module or a test imports from it, and nothing else', () => {
    const modules = new Set(sources.map(({ path }) => moduleOf(path) ?? ''));
    const surfaces = sources.filter(({ path }) =>
      [...modules].some((module) => surfaceOf(module) === path),
    );
    expect(surfaces.length).toBeGreaterThan(15);
    expect(
      surfaces.flatMap((surface) =>
        unusedNames(surface, everything).map((name) => `${surface.path}: ${name}`),
      ),
    ).toEqual([]);
  });

  test(`that only passes names on has at most ${MAX_PASSED_ON} of them, and so has any file`, () => {
    const lists = everything.filter(({ text }) => onlyPassesOn(text));
    expect(
      lists.filter(({ text }) => readPassedOn(text).length > MAX_PASSED_ON).map(({ path }) => path),
    ).toEqual([]);
  });

  test('and any other file names what it exports: none passes on all of another file', () => {
    expect(
      everything.filter(({ text }) => readPassedOn(text).includes('*')).map(({ path }) => path),
    ).toEqual([]);
  });

  test('and these rules catch what they forbid', () => {
    const surface = fileOf(
      'src/a/a.ts',
      `// Says it.\n\nexport { one, type Two, x as three } from './b.ts';\nexport type { Four } from './c.ts';\n`,
    );
    const users = [
      fileOf('src/b/user.ts', `import { one } from '../a/a.ts';\nimport { Two } from './c.ts';`),
      fileOf('src/a/own.ts', `import type { Two } from './a.ts';`),
      fileOf('src/a/own.test.ts', `const { three } = await import('${'./a.ts'}');`),
    ];
    expect(readPassedOn(surface.text)).toEqual(['one', 'Two', 'three', 'Four']);
    expect(unusedNames(surface, users)).toEqual(['Two', 'Four']);
    expect(readPassedOn(`export * from './b.ts';\nexport type * as c from './c.ts';\n`)).toEqual([
      '*',
      '*',
    ]);
    expect(onlyPassesOn(surface.text)).toBe(true);
    expect(onlyPassesOn(`${surface.text}export const four = 4;\n`)).toBe(false);
    expect(onlyPassesOn('// Nothing.\n')).toBe(false);
  });
});

describe('a file', () => {
  test('exports no value that no other file imports', () => {
    const program = sources.filter(({ path }) => !isTest(path));
    expect(
      program.flatMap((file) =>
        idleExports(file, everything).map((name) => `${file.path}: ${name}`),
      ),
    ).toEqual([]);
  });

  test('and this rule catches what it forbids', () => {
    const file = fileOf(
      'src/a/b.ts',
      `export const ONE = 1;\nexport async function two() {}\nexport { three } from './c.ts';\n`,
    );
    const user = fileOf('src/a/user.ts', `import { two } from './b.ts';\nconst ONE = 2;`);
    expect(idleExports(file, [user])).toEqual(['ONE', 'three']);
  });
});

describe('the size of modules', () => {
  test(`is at most ${MAX_SHARE * 100} % of the lines of src for each`, () => {
    expect([...sharesOf(sources)].filter(([, share]) => share > MAX_SHARE)).toEqual([]);
  });

  test('is counted by module, by room of a wing and by folder of the API', () => {
    const shares = sharesOf([
      fileOf('src/ledger/batch/a.ts', 'x\n'),
      fileOf('src/ledger/b.ts', 'x\n'),
      fileOf('src/clearing/saga/a.ts', 'x\n'),
      fileOf('src/api/platform/points/a.ts', 'x\nx\n'),
      fileOf('src/api/operator/a.ts', 'x\n'),
      fileOf('src/api/server.ts', 'x\n'),
      fileOf('src/main.ts', 'x\n'),
    ]);
    expect(Object.fromEntries(shares)).toEqual({
      ledger: 2 / 8,
      'clearing/saga': 1 / 8,
      'api/platform': 2 / 8,
      'api/operator': 1 / 8,
      api: 1 / 8,
      roots: 1 / 8,
    });
  });
});
