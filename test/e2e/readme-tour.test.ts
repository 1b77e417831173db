// The tour of README.md in a shell, beside a program that was just started: every command prints
// what the README shows.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haveHledger } from '../fixtures/hledger.ts';
import { ENVIRONMENT, startProgram, type RunningProgram } from '../fixtures/program.ts';
import { findDrift, readTour } from '../fixtures/tour.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
/** Printed before each block, so that the outputs can be told apart. */
const MARK = '=== block ===';

const steps = readTour(
  readFileSync(join(CHECKOUT, 'README.md'), 'utf8'),
  '## A tour in five minutes',
);

let folder: string;
let program: RunningProgram;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pontis-tour-'));
  symlinkSync(join(CHECKOUT, 'bin'), join(folder, 'bin'));
  program = await startProgram(['--data', join(folder, '.pontis')]);
});

afterAll(async () => {
  await program?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the commands of the tour print what the README shows', () => {
  expect(steps.length).toBeGreaterThan(5);
  const hledger = haveHledger();
  const script = steps
    .map(({ commands }) => (hledger ? commands : commands.replaceAll(/.*\| hledger.*\n/g, '')))
    .map((commands) => `echo '${MARK}'\n${commands}`)
    .join('')
    .replaceAll('http://127.0.0.1:8080', program.url);
  const { stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: folder,
    env: { ...ENVIRONMENT, PONTIS_DATA: join(folder, '.pontis') },
    encoding: 'utf8',
  });
  const printed = stdout.split(`${MARK}\n`).slice(1);
  const drift = steps
    .map(({ commands, shown }, index) => ({
      commands,
      drift: findDrift(shown, printed[index] ?? ''),
    }))
    .filter((step) => step.drift !== undefined);
  expect(drift, `${stdout}\n${stderr}`).toEqual([]);
  expect(stderr).toBe('');
});
