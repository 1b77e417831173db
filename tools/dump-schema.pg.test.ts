// The committed db/schema.sql equals the schema after all migrations.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { createTestDatabase } from '../test/fixtures/database.ts';
import { dumpSchema, SCHEMA_FILE } from './dump-schema.ts';

test('db/schema.sql is up to date (else: node tools/dump-schema.ts)', async () => {
  await using database = await createTestDatabase();
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(await dumpSchema(database.pool));
});
