// Checks of the source that a formatter cannot do: direction of imports, surfaces, cycles, sizes,
// openings, names.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

import {
  findImportCycle,
  isTest,
  listFolders,
  loadedWith,
  moduleOf,
  readImports,
  readLoaded,
  readSources,
  ROOT,
  surfaceOf,
  type SourceFile,
} from './source-tree.ts';

/**
 * Ranks of modules. A module imports only from modules of lower rank; modules of the same rank
 * never import each other.
 */
const ORDER: readonly (readonly string[])[] = [
  ['kernel'],
  ['runtime'],
  ['security'],
  ['http', 'identity', 'events'],
  ['auth', 'connections', 'valuation', 'alerts'],
  ['ledger'],
  ['transparency'],
  ['chain'],
  ['clearing', 'rewards'],
  ['monitor'],
  ['acts'],
  ['network', 'views'],
  ['demo'],
  ['api', 'cli'],
  ['roots'],
];

/** The rooms of a wing are modules too, with ranks among themselves. */
const ROOMS: Readonly<Record<string, typeof ORDER>> = {
  clearing: [
    ['disputes', 'notices', 'reviews', 'saga'],
    ['recalls', 'reconciliation', 'settlement'],
    ['reserve'],
  ],
};

/**
 * Any file of these may be imported from outside. Of all other modules only the surface,
 * `<module>/<module>.ts`, may be. Each of these is a set of independent parts: a surface would be a
 * list of all their names.
 */
const OPEN_MODULES = ['kernel', 'runtime', 'http', 'views'];
/** The roots assemble these from their files. */
const OPEN_TO_ROOTS = ['api', 'cli'];
/**
 * Besides the surfaces, these may be imported from outside: lists of names, and texts. They load
 * nothing but the kernel, so that a command can describe its arguments without loading its work.
 */
const LIGHT_FILES = [
  'src/acts/table.ts',
  'src/clearing/disputes/problems.ts',
  'src/clearing/disputes/states.ts',
  'src/clearing/recalls/states.ts',
  'src/clearing/reconciliation/types.ts',
  'src/clearing/saga/problems.ts',
  'src/events/webhooks/types.ts',
  'src/identity/problems.ts',
  'src/identity/types.ts',
  'src/ledger/get-asset.ts',
  'src/ledger/types.ts',
  'src/monitor/options.ts',
  'src/rewards/states.ts',
];
/** The only packages that are loaded for reading a command line and for printing help. */
const PACKAGES_OF_COMMANDS = ['commander', 'string-width'];

const MAX_LINES = 500;
/** Longer files, each with the reason why it is better in one piece. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'test/fixtures/naive-network.ts':
    'The model that the ledger is compared with: one class, simple on purpose, read from the top.',
};

const FORBIDDEN_FOLDERS = ['utils', 'util', 'common', 'shared', 'helpers', 'lib', 'misc'];

const sources = readSources('src');
const program = sources.filter((file) => !isTest(file.path));
const everything = [...sources, ...['test', 'tools', 'bench', 'sandbox'].flatMap(readSources)];

/** The rank of a module, or of a room in its wing; -1 for a name without a rank. */
function ranksOf(module: string): readonly [number, number] {
  const [folder = '', room] = module.split('/');
  const rank = ORDER.findIndex((modules) => modules.includes(folder));
  if (room === undefined) return [rank, ROOMS[folder] === undefined ? 0 : -1];
  return [rank, ROOMS[folder]?.findIndex((rooms) => rooms.includes(room)) ?? -1];
}

function isLeftOf(module: string, other: string): boolean {
  const [rank, room] = ranksOf(module);
  const [otherRank, otherRoom] = ranksOf(other);
  const inOneWing = module.split('/')[0] === other.split('/')[0];
  return rank < otherRank || (inOneWing && room < otherRoom);
}

/** What is wrong with an import; undefined when nothing is. */
function judgeImport(from: string, to: string): string | undefined {
  const importer = moduleOf(from);
  const imported = moduleOf(to);
  if (importer === undefined || importer === imported) return undefined;
  if (imported === undefined)
    return `${from} imports ${to}: the program does not depend on tests or tools`;
  if (!isLeftOf(imported, importer))
    return `${from} imports ${to}: ${imported} is not left of ${importer}`;
  if (OPEN_MODULES.includes(imported) || to === surfaceOf(imported)) return undefined;
  if (LIGHT_FILES.includes(to)) return undefined;
  if (importer === 'roots' && OPEN_TO_ROOTS.includes(imported)) return undefined;
  return `${from} imports ${to}: from outside only ${surfaceOf(imported)} may be imported`;
}

function fileOf(path: string, text: string): SourceFile {
  return { path, text, imports: readImports(path, text) };
}

describe('imports', () => {
  test('every folder of src has its place in the order', () => {
    const modules = new Set(sources.map((file) => moduleOf(file.path) ?? ''));
    expect([...modules].filter((module) => ranksOf(module).includes(-1))).toEqual([]);
  });

  test('point one way and reach only surfaces', () => {
    expect(
      program
        .flatMap((file) => file.imports.map((target) => judgeImport(file.path, target)))
        .filter(Boolean),
    ).toEqual([]);
  });

  test('of the sandbox stay in it: it is a program of its own, as an integrator would write it', () => {
    const outside = readSources('sandbox').flatMap((file) =>
      file.imports
        .filter((target) => !target.startsWith('sandbox/'))
        .map((target) => `${file.path} → ${target}`),
    );
    expect(outside).toEqual([]);
  });

  test('name files that exist', () => {
    const missing = everything.flatMap((file) =>
      file.imports
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${file.path} → ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test('make no cycle, inside a module neither', () => {
    expect(findImportCycle(everything)).toBeUndefined();
  });

  test('and these rules catch what they forbid', () => {
    expect(judgeImport('src/ledger/a.ts', 'src/api/server.ts')).toContain('not left of ledger');
    expect(judgeImport('src/identity/a.ts', 'src/valuation/valuation.ts')).toContain(
      'not left of identity',
    );
    expect(judgeImport('src/api/a.ts', 'src/ledger/store.ts')).toContain(
      'only src/ledger/ledger.ts',
    );
    expect(judgeImport('src/api/a.ts', 'src/context.ts')).toContain('not left of api');
    expect(judgeImport('src/api/a.ts', 'test/fixtures/database.ts')).toContain(
      'does not depend on tests',
    );
    expect(judgeImport('src/clearing/saga/a.ts', 'src/clearing/recalls/recalls.ts')).toContain(
      'clearing/recalls is not left of clearing/saga',
    );
    expect(judgeImport('src/clearing/recalls/a.ts', 'src/clearing/settlement/a.ts')).toContain(
      'not left of clearing/recalls',
    );
    expect(judgeImport('src/clearing/recalls/a.ts', 'src/clearing/saga/store.ts')).toContain(
      'only src/clearing/saga/saga.ts',
    );
    expect(judgeImport('src/clearing/recalls/a.ts', 'src/clearing/saga/saga.ts')).toBeUndefined();
    expect(judgeImport('src/clearing/reserve/a.ts', 'src/rewards/rewards.ts')).toContain(
      'not left of clearing/reserve',
    );
    expect(ranksOf('clearing')).toContain(-1);
    expect(judgeImport('src/main.ts', 'src/api/server.ts')).toBeUndefined();
    expect(judgeImport('src/api/a.ts', 'src/ledger/ledger.ts')).toBeUndefined();
    expect(
      findImportCycle([
        fileOf('src/a/x.ts', `import type {\n  Y,\n} from './y.ts';`),
        fileOf('src/a/y.ts', `export * from '../a/x.ts';`),
      ]),
    ).toEqual(['src/a/x.ts', 'src/a/y.ts', 'src/a/x.ts']);
  });
});

describe('what is loaded', () => {
  test('to say what a command takes is no package but those of the command line', () => {
    const heavy = [...loadedWith('src/main.ts')]
      .filter(([name]) => !name.startsWith('node:') && !existsSync(join(ROOT, name)))
      .filter(([name]) => !PACKAGES_OF_COMMANDS.includes(name))
      .map(([, chain]) => chain.join(' → '));
    expect(heavy).toEqual([]);
    expect(loadedWith('src/main.ts').size).toBeGreaterThan(30);
  });

  test('with a light file is nothing but the kernel and other light files', () => {
    const heavy = LIGHT_FILES.flatMap((path) =>
      [...loadedWith(path)]
        .filter(([name]) => moduleOf(name) !== 'kernel' && !LIGHT_FILES.includes(name))
        .map(([, chain]) => chain.join(' → ')),
    );
    expect(heavy).toEqual([]);
  });

  test('and each light file is needed', () => {
    const ofCommands = [...loadedWith('src/main.ts').keys()];
    expect(LIGHT_FILES.filter((path) => !ofCommands.includes(path))).toEqual([]);
  });

  test('is told apart from types, and from what is imported when it is needed', () => {
    const text = [
      `import type { A } from './a.ts';`,
      `import { type B, b } from '../b/b.ts';`,
      `import {\n  c,\n} from 'commander';`,
      `import 'side';`,
      `export type * from './types.ts';`,
      `export { d } from './d.ts';`,
      `  const { Pool } = await import('pg');`,
    ].join('\n');
    expect(readLoaded('src/a/x.ts', text)).toEqual([
      'src/b/b.ts',
      'commander',
      'side',
      'src/a/d.ts',
    ]);
  });
});

describe('files', () => {
  test('open with a sentence that says what they are for', () => {
    const silent = everything.filter(({ text }) => {
      const opening = text.replace(/^#!.*\n/, '').match(/^(\/\/ .*\n)+/)?.[0] ?? '';
      return opening.length < 30 || !/[.:]\s*$/m.test(opening);
    });
    expect(silent.map((file) => file.path)).toEqual([]);
  });

  test(`have at most ${MAX_LINES} lines, or a reason`, () => {
    const long = everything
      .filter((file) => file.text.split('\n').length - 1 > MAX_LINES)
      .map((file) => file.path);
    expect(long.filter((path) => LONG_FILES[path] === undefined)).toEqual([]);
    expect(Object.keys(LONG_FILES).filter((path) => !long.includes(path))).toEqual([]);
  });

  test('are in folders that say what is in them', () => {
    const folders = listFolders([
      'src',
      'test',
      'tools',
      'bench',
      'db',
      'docs',
      'examples',
      'sandbox',
    ]);
    expect(folders.filter((folder) => FORBIDDEN_FOLDERS.includes(basename(folder)))).toEqual([]);
  });

  test('keep no mutable state in module scope', () => {
    const stateful = program.flatMap((file) =>
      [...file.text.matchAll(/^(?:export )?(?:let|var) .*/gm)].map(
        (match) => `${file.path}: ${match[0]}`,
      ),
    );
    expect(stateful).toEqual([]);
  });
});

/** Where SQL is besides the stores of modules, each with the reason. */
const SQL_OUTSIDE_STORES: Readonly<Record<string, string>> = {
  'src/runtime/': 'Asks the server about itself, and keeps the table of migrations.',
  'src/monitor/': 'Shares no reader with what it watches: checks and readers are SQL of their own.',
  'src/events/feed.ts': 'It is the store of the feed, and nothing else.',
};
const SQL = new RegExp(
  `['"\`]\\s*(?:${[
    'with (?:recursive )?\\w+ (?:as|\\()',
    'select ',
    'insert into ',
    'update (?:only )?\\w+\\.\\w+ ',
    'delete from ',
    'merge into ',
    'truncate (?:table )?\\w+\\.\\w+',
    'copy (?:\\(|\\w+\\.\\w+)',
    'call \\w+\\.\\w+\\(',
    '(?:create|alter|drop) (?:table|index|schema|function|view) ',
    'lock table ',
    'listen ',
    'notify ',
    // A sentence begins with one capital; SQL in capitals has more.
    '(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|TRUNCATE|LOCK) ',
  ].join('|')})`,
);

/** Whether a file is a store: `store.ts`, or one of several such as `store-queue.ts`. */
function isStore(path: string): boolean {
  return /[/-]store(?:-[a-z-]+)?\.ts$/.test(path);
}

function hasSql(text: string): boolean {
  return SQL.test(text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, ''));
}

describe('SQL', () => {
  const outside = program.filter(({ path, text }) => !isStore(path) && hasSql(text));

  test('is in stores, or there is a reason', () => {
    const places = Object.keys(SQL_OUTSIDE_STORES);
    expect(
      outside
        .map(({ path }) => path)
        .filter((path) => !places.some((place) => path.startsWith(place))),
    ).toEqual([]);
  });

  test('and no reason is given that is not needed any more', () => {
    expect(
      Object.keys(SQL_OUTSIDE_STORES).filter(
        (place) => !outside.some(({ path }) => path.startsWith(place)),
      ),
    ).toEqual([]);
  });

  test('is told apart from English', () => {
    for (const sql of [
      '`\n  select a from b`',
      "'delete from a.b'",
      '`with x as (',
      "'listen a'",
      "'SELECT 1'",
      "'merge into a.b'",
      "'truncate a.b'",
    ])
      expect(hasSql(sql), sql).toBe(true);
    for (const text of [
      "'selected'",
      "'Select one'",
      '// `select` from',
      "'update it'",
      "'with care'",
    ])
      expect(hasSql(text), text).toBe(false);
    expect(['src/a/store.ts', 'src/a/b-store.ts', 'src/a/store-c.ts'].every(isStore)).toBe(true);
    expect(isStore('src/a/restore.ts')).toBe(false);
  });
});

/** Lines of a test with a time limit that is the same on every machine. */
function hardLimits(...texts: readonly string[]): string[] {
  return texts
    .join('\n')
    .split('\n')
    .filter((line) =>
      /\b[tT]imeout: [\d_]{4,}|^\s*\}, [\d_]{4,}\);$|\bwait(For|Until)\(.*, [\d_]{4,}\)/.test(line),
    )
    .map((line) => line.trim());
}

describe('time limits of tests', () => {
  test('grow with the pace of the machine: each goes through `patience`', () => {
    const tests = everything.filter(({ path }) => isTest(path) || path.startsWith('test/'));
    expect(
      tests.flatMap(({ path, text }) => hardLimits(text).map((line) => `${path}: ${line}`)),
    ).toEqual([]);
  });

  test('and this rule catches what it forbids', () => {
    const [timeout, ms] = ['timeout', '60_000'];
    expect(
      hardLimits(`}, ${ms});`, `it('x', { ${timeout}: ${ms} }, f);`, `vi.waitUntil(f, ${ms});`),
    ).toHaveLength(3);
    expect(
      hardLimits(`}, patience(${ms}));`, `poll(f, { ${timeout}: patience(1) })`, `earn(x, ${ms})`),
    ).toEqual([]);
  });
});

/** The name before a `??`: the last name of it, or of the map whose `get` is called. */
function lastNameBefore(text: string): string {
  let rest = text.trimEnd();
  for (let end = rest.at(-1); end === ')' || end === ']'; end = rest.at(-1)) {
    let depth = 0;
    let at = rest.length - 1;
    for (; at >= 0; at -= 1) {
      if (')]'.includes(rest[at] ?? '')) depth += 1;
      else if ('(['.includes(rest[at] ?? '') && (depth -= 1) === 0) break;
    }
    rest = rest.slice(0, Math.max(at, 0)).replace(/\?\.$/, '');
  }
  return /(\w+)$/.exec(rest.replace(/\??\.get$/, ''))?.[1] ?? '';
}

/** Lines in which a number stands in for a missing id. */
function idsMadeUp({ path, text }: SourceFile): string[] {
  return text
    .split('\n')
    .filter((line) =>
      [...line.matchAll(/\?\? -?[0-9]+n?\b/g)].some(({ index }) =>
        /(id|Ids?|IdOf|_ids?)$/.test(lastNameBefore(line.slice(0, index))),
      ),
    )
    .map((line) => `${path}: ${line.trim()}`);
}

/** Lines that write a moment by themselves, or count an asset that is not there in another unit. */
function formattedElsewhere({ path, text }: SourceFile): string[] {
  return text
    .split('\n')
    .filter((line) => /toISOString\(|\?\.scale \?\? /.test(line))
    .map((line) => `${path}: ${line.trim()}`);
}

describe('a moment and the decimals of an asset', () => {
  test('are written in one place, and are never guessed', () => {
    const others = program.filter(({ path }) => path !== 'src/kernel/time.ts');
    expect(others.flatMap(formattedElsewhere)).toEqual([]);
  });

  test('and this rule catches what it forbids', () => {
    const lines = [
      'at: new Date(atMs).toISOString(),',
      'ended_at: row.endedAt?.toISOString() ?? null,',
      'const scale = ledger.pointsOf(platformId)?.scale ?? 0;',
    ];
    for (const line of lines)
      expect(formattedElsewhere({ path: 'src/a/x.ts', text: line, imports: [] })).toHaveLength(1);
    const fine = 'at: formatMoment(atMs), scale: getPoints(ledger, platformId).scale ?? nothing';
    expect(formattedElsewhere({ path: 'src/a/x.ts', text: fine, imports: [] })).toEqual([]);
  });
});

describe('an id that is not there', () => {
  test('is never replaced by a number: what is not known is refused, not counted as something else', () => {
    expect(program.flatMap(idsMadeUp)).toEqual([]);
  });

  test('and this rule catches what it forbids', () => {
    const made = [
      'assetId: this.assetIds.get(limitAssetCode(item, limit, source)) ?? 0,',
      'view.asset(first.targetAssetId ?? 0)',
      'rows[0]?.event_id ?? 0n',
      'child.pid ?? -1',
      'ids[0] ?? 0',
    ];
    for (const line of made)
      expect(idsMadeUp({ path: 'src/a/x.ts', text: line, imports: [] }), line).toHaveLength(
        line.startsWith('ids') ? 0 : 1,
      );
    const fine = [
      'netOf.get(participantId) ?? 0n',
      'rows[0]?.version ?? 0',
      'ledger.pointsOf(platformId)?.scale ?? 0',
      'used[index] ?? 0n',
    ];
    for (const line of fine)
      expect(idsMadeUp({ path: 'src/a/x.ts', text: line, imports: [] }), line).toEqual([]);
  });
});
