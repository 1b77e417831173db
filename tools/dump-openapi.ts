// Writes the OpenAPI documents that a server of this version serves to docs/reference/. Run
// `node tools/dump-openapi.ts` after a change of the API; a test compares the files with what is
// served. With `--release`, when a version is released: callers rely on the documents from then on.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../test/fixtures/program.ts';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'reference');

/** Each document: where it is served, its file, and that of the version released last. */
export const DOCUMENTS = [
  { url: '/openapi.json', name: 'openapi' },
  { url: '/connector/openapi.json', name: 'connector-openapi' },
] as const;

export function fileOf(name: string): string {
  return join(FOLDER, `${name}.json`);
}

export function releasedFileOf(name: string): string {
  return join(FOLDER, `${name}-released.json`);
}

export function readDocument(file: string): { readonly info: { readonly version: string } } {
  return JSON.parse(readFileSync(file, 'utf8')) as { info: { version: string } };
}

/** A document as it is kept: one line for each value, so that a change can be read. */
export function writeOut(document: unknown): string {
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), 'pontis-openapi-'));
  const program = await startProgram(['--data', folder, '--no-demo', '--metrics-port', '0']);
  for (const { url, name } of DOCUMENTS) {
    const answer = await fetch(program.url + url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    const document: unknown = await answer.json();
    writeFileSync(fileOf(name), writeOut(document));
    if (process.argv.includes('--release'))
      writeFileSync(releasedFileOf(name), `${JSON.stringify(document)}\n`);
  }
  await program.stop();
  rmSync(folder, { recursive: true });
}
