// The committed documents are those that are served, and what they break for callers of the version
// released last is said by the version and the changelog.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/fixtures/database.ts';
import { findBreakingChanges, unsaidChanges } from './breaking-changes.ts';
import { DOCUMENTS, fileOf, readDocument, releasedFileOf, writeOut } from './dump-openapi.ts';

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

describe.each(DOCUMENTS)('docs/reference/$name.json', ({ url, name }) => {
  test('is up to date (else: node tools/dump-openapi.ts)', async () => {
    const served: unknown = (await api.server.inject(url)).json();
    expect(readFileSync(fileOf(name), 'utf8')).toBe(writeOut(served));
  });

  test('breaks nothing for callers of the released version that the version does not say', () => {
    const changelog = readFileSync(join(import.meta.dirname, '..', 'CHANGELOG.md'), 'utf8');
    const [released, now] = [readDocument(releasedFileOf(name)), readDocument(fileOf(name))];
    const changes = findBreakingChanges(released, now);
    expect(unsaidChanges(changes, released.info.version, now.info.version, changelog)).toEqual([]);
  });
});
