// The program's own text for the structure test: files, their modules and their imports.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';

/** The folder of the checkout. */
export const ROOT = join(import.meta.dirname, '..');

/** One TypeScript file. */
export interface SourceFile {
  /** Path relative to the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Paths of our files that it imports, without packages. */
  readonly imports: readonly string[];
}

/** All TypeScript files under a folder of the checkout; none when the folder does not exist. */
export function readSources(folder: string): SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .sort()
    .map((name) => {
      const path = posix.join(folder, name.replaceAll('\\', '/'));
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, imports: readImports(path, text) };
    });
}

const IMPORT =
  /^\s*(?:import|export)\b[^'"`;]*?from\s+'(\.[^']+)'|^\s*import\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/gm;

/** Paths of our files that a text imports, without packages. */
export function readImports(path: string, text: string): string[] {
  const targets = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  return [
    ...new Set(targets.map((target) => posix.normalize(posix.join(posix.dirname(path), target)))),
  ];
}

const LOADED = /^(?:import|export)\b(?! type\b)[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;

/**
 * Everything that is loaded together with a file: paths of our files and names of packages. Types
 * and dynamic imports are left out.
 */
export function readLoaded(path: string, text: string): string[] {
  return [...text.matchAll(LOADED)]
    .map((match) => match[1] ?? match[2] ?? '')
    .map((target) =>
      target.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), target)) : target,
    );
}

/**
 * Everything that is loaded with a file, directly or indirectly: each file or package with the
 * chain of imports that leads to it.
 */
export function loadedWith(path: string): ReadonlyMap<string, readonly string[]> {
  const chains = new Map<string, readonly string[]>([[path, [path]]]);
  for (const [file, chain] of chains) {
    if (!existsSync(join(ROOT, file))) continue;
    for (const next of readLoaded(file, readFileSync(join(ROOT, file), 'utf8')))
      if (!chains.has(next)) chains.set(next, [...chain, next]);
  }
  chains.delete(path);
  return chains;
}

/** Folders of `src` whose subfolders are modules themselves. */
const WINGS = ['clearing'];

/**
 * `src/ledger/store.ts` → `ledger`, `src/clearing/saga/store.ts` → `clearing/saga`; a file directly
 * under `src` → `roots`; anything outside of `src` → undefined.
 */
export function moduleOf(path: string): string | undefined {
  const [src, folder = '', ...rest] = path.split('/');
  if (src !== 'src') return undefined;
  if (rest.length === 0) return 'roots';
  return WINGS.includes(folder) && rest.length > 1 ? `${folder}/${rest[0] ?? ''}` : folder;
}

/** The only file of a module that others import. */
export function surfaceOf(module: string): string {
  return `src/${module}/${basename(module)}.ts`;
}

/** True for the path of a test file. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** Paths of all folders below some folders of the checkout that exist. */
export function listFolders(folders: readonly string[]): string[] {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter(
          (entry) =>
            entry.isDirectory() &&
            !entry.parentPath.includes('node_modules') &&
            entry.name !== 'node_modules',
        )
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
    );
}

/** The first import cycle among the files, as a path; undefined when there is none. */
export function findImportCycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of byPath.get(path)?.imports ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file.path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/**
 * Paths that a document names in backticks or links. Patterns, URLs and API routes are left out.
 */
export function readMentionedPaths(document: string, text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
  const path = /^\.?[\w.-]+(\/[\w.-]+)*\/?(:[\w.#-]+)?$/;
  const looksLikePath = (token: string): boolean =>
    path.test(token) &&
    (/^(src|db|test|tools|docs|script|bin|examples|\.ci)\//.test(token) ||
      /\/[\w.-]+\.(ts|sql|md|sh)(:|$)/.test(token));
  return [
    ...new Set([
      ...quoted.filter(looksLikePath),
      ...links.map((target) => posix.join(dirname(document), target)),
    ]),
  ].map((token) => token.replace(/:.*$/, ''));
}
