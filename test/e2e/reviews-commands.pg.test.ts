// `pontis reviews` beside the ledger: what waits is listed, let pass and turned down.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatId } from '../../src/kernel/ids.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createTestLedger } from '../fixtures/ledger.ts';
it('an operator sees what waits, lets one transfer pass and turns another down', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-reviews-'));
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: folder });
  const test = await createTestLedger(database);
  try {
    await test.amend((document) => ({
      ...document,
      rules: { large: { kind: 'review', when: 'amount >= 100', reason: 'Large' } },
    }));
    const ann = test.member();
    await test.earn('platform_a', ann, 50_000n);
    const [one, two] = [
      await test.transfer('platform_a', ann, 10_000n, 'platform_b', ann),
      await test.transfer('platform_a', ann, 20_000n, 'platform_b', ann),
    ];
    if (!one.ok || !two.ok) throw new Error('refused');
    const [first, second] = [
      formatId('hold', one.transaction.transactionId),
      formatId('hold', two.transaction.transactionId),
    ];

    expect((await pontis('reviews', 'list')).stdout).toMatch(
      new RegExp(
        `^hold_id .*\n${first}  platform_a   platform_b       100.00  rules/large  Large ` +
          `.*\n${second} `,
      ),
    );
    expect(await pontis('reviews', 'approve', first, '--reason', 'known')).toMatchObject({
      code: 64,
    });
    const { token } = JSON.parse((await pontis('operator', 'add', 'olga', '--json')).stdout) as {
      token: string;
    };
    expect(
      await pontis('reviews', 'approve', first, '--reason', 'known', '--as-token', token),
    ).toMatchObject({ code: 0, stdout: expect.stringMatching(/^posted as txn_[0-9a-f]{32}\n$/) });
    expect(
      await pontis('reviews', 'reject', second, '--reason', 'unknown', '--as-token', token),
    ).toMatchObject({ code: 0, stdout: expect.stringMatching(/^released by txn_/) });
    expect(
      await pontis('reviews', 'reject', first, '--reason', 'late', '--as-token', token),
    ).toMatchObject({ code: 65, stderr: expect.stringContaining('Hold already resolved') });
    expect(JSON.parse((await pontis('reviews', 'list', '--json')).stdout)).toEqual({ reviews: [] });
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 40_000n,
      available: 40_000n,
      held: 0n,
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_b'))).toMatchObject({
      balance: 8_333n,
    });
  } finally {
    await test.ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
