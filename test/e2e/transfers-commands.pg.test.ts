// `pontis transfers` beside the ledger: what needs an operator is listed, shown and
// decided about.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAlongside } from '../../src/clearing/saga/saga.ts';
import { formatId } from '../../src/kernel/ids.ts';
import { systemClock } from '../../src/kernel/time.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createTestLedger } from '../fixtures/ledger.ts';
it('an operator sees what waits, and says what is to be done', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-transfers-'));
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: folder });
  const test = await createTestLedger(database, {
    alongside: createAlongside({ clock: systemClock }),
  });
  try {
    await test.ledger.registerAsset({
      code: 'platform_x',
      kind: 'points',
      platformId: test.id('platform_x'),
      custody: 'connected',
    });
    await test.amend((document) => ({
      ...document,
      platforms: { ...document.platforms, platform_x: { multiplier: '2.0' } },
    }));
    const ann = test.member();
    await test.earn('platform_a', ann, 50_000n);
    const under = async (): Promise<string> => {
      const outcome = await test.transfer('platform_a', ann, 10_000n, 'platform_x', ann);
      if (!outcome.ok) throw new Error(outcome.problem.detail);
      return formatId('txn', outcome.transaction.transactionId);
    };
    const [first, second] = [await under(), await under()];
    // No worker runs here: what one would have written.
    await database.pool.query(
      `update clearing.saga set attention = 'not done by its deadline; platform_x: no answer'
          where saga_id = $1::uuid`,
      [first.slice('txn_'.length)],
    );

    expect((await pontis('transfers', 'list')).stdout).toMatch(
      new RegExp(
        `^transaction_id .*\n${first}  transfer  looking_up_target  look_up at platform_x  ` +
          '100.00 of platform_a  50.00 of platform_x  0 .* not done by its deadline; ' +
          `platform_x: no answer\n$`,
      ),
    );
    expect(
      (
        JSON.parse((await pontis('transfers', 'list', '--open', '--json')).stdout) as {
          transfers: { transaction_id: string }[];
        }
      ).transfers.map((row) => row.transaction_id),
    ).toEqual([first, second]);
    expect((await pontis('transfers', 'show', second)).stdout).toMatch(
      /\nstate +looking_up_target\n.*\nactions +retry, undo, complete, fail\n/s,
    );

    expect(await pontis('transfers', 'retry', first, '--reason', 'back')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--as-token'),
    });
    const { token } = JSON.parse((await pontis('operator', 'add', 'olga', '--json')).stdout) as {
      token: string;
    };
    const decide = (command: string, id: string): ReturnType<typeof runInProcess> =>
      pontis('transfers', command, id, '--reason', `by ${command}`, '--as-token', token);
    for (const [command, ordered] of [
      ['retry', '-'],
      ['undo', 'undo'],
    ] as const) {
      expect(await decide(command, first)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          new RegExp(
            `\nordered +${ordered}\n.*decided +${command} by olga at \\S+Z while ` +
              `looking_up_target: by ${command}\n$`,
            's',
          ),
        ),
      });
    }
    const otto = (
      JSON.parse((await pontis('operator', 'add', 'otto', '--json')).stdout) as { token: string }
    ).token;
    for (const command of ['complete', 'fail'] as const) {
      const asked = await decide(command, first);
      expect(asked).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          /^request \S+ is open: Say that .* of the transfer txn_.*: 100\.00 points of platform_a to 50\.00 points of platform_x\./,
        ),
      });
      const id = /^request (\S+)/.exec(asked.stdout)?.[1] ?? '';
      expect(await pontis('requests', 'show', id)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`pontis requests approve ${id}`),
      });
      expect(await pontis('requests', 'approve', id, '--as-token', token)).toMatchObject({
        code: 65,
        stderr: expect.stringContaining('another person'),
      });
      expect(await pontis('requests', 'approve', id, '--as-token', otto)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^done: Say that /),
      });
    }
    const shown = JSON.parse((await pontis('transfers', 'show', first, '--json')).stdout) as {
      decisions: { action: string }[];
    };
    expect(shown).toMatchObject({
      transaction_id: first,
      ordered: 'force_failed',
      attention: expect.any(String),
    });
    expect(shown.decisions.map(({ action }) => action)).toEqual([
      'retry',
      'undo',
      'force_completed',
      'force_failed',
    ]);

    expect(await decide('retry', `txn_0000${'a'.repeat(28)}`)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('No such transfer'),
    });
  } finally {
    await test.ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
