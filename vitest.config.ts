// How the tests run: one PostgreSQL for the run, one process for each test file, at most two at a time.

import { defineConfig } from 'vitest/config';

/** Stories that kill servers or run for minutes; `script/test --long` includes them. */
const long = process.env['PONTIS_TEST_LONG'] === '1';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['node_modules/**', '.node/**', ...(long ? [] : ['**/*.long.test.ts'])],
    globalSetup: ['test/fixtures/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
