// The example of a real retailer's year prints what is committed beside it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { haveHledger } from '../fixtures/hledger.ts';
import { patience } from '../fixtures/patience.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'retail-year');

test('the retail year comes out as committed', { timeout: patience(240_000) }, () => {
  const withHledger = haveHledger();
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(EXAMPLE, 'run.ts')], {
    encoding: 'utf8',
  });
  const committed = readFileSync(join(EXAMPLE, 'output.txt'), 'utf8');
  const comparable = (text: string): string =>
    withHledger ? text : text.slice(0, text.indexOf('# 6. hledger'));
  expect(stderr).toBe('');
  expect(comparable(stdout)).toBe(comparable(committed));
  expect(status).toBe(0);
});
