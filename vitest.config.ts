// How the tests run: one PostgreSQL for the run, one process for each test file, at most two at a
// time.

import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

import { measurePace, patience } from './test/fixtures/patience.ts';

/** Stories that kill servers or run for minutes; `script/test --long` includes them. */
const long = process.env['PONTIS_TEST_LONG'] === '1';

// The tests start the program many times; compiled code is kept as `script/setup` has it.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '.node', 'compile-cache');

// A database is a thousand files, and tests make and remove them all the time. Where there is room
// these files lie in memory.
const MEMORY = '/dev/shm';
const ROOM_BYTES = 4 * 2 ** 30;
if (existsSync(MEMORY) && hasRoom(MEMORY)) process.env['TMPDIR'] ??= MEMORY;

function hasRoom(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > ROOM_BYTES;
}

await measurePace();

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['node_modules/**', '.node/**', ...(long ? [] : ['**/*.long.test.ts'])],
    globalSetup: ['test/fixtures/global-setup.ts'],
    setupFiles: ['test/fixtures/every-answer.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: patience(120_000),
    hookTimeout: patience(120_000),
    expect: { poll: { timeout: patience(5_000) } },
    passWithNoTests: false,
  },
});
