// `pontis disputes` beside the API: what is disputed is listed, shown and decided by
// another operator than the one who opened it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createTestApi } from '../fixtures/api.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
it('an operator sees disputes and their trail, and decides one', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-disputes-'));
  const api = await createTestApi(database);
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, {
      DATABASE_URL: database.url,
      PONTIS_DATA: folder,
      PONTIS_MASTER_KEY: api.masterKey.bytes.toString('hex'),
    });
  try {
    const [giver, receiver] = [await api.user('platform_a', 100), await api.user('platform_b')];
    const moved = await api.call('platform_a', 'POST', '/api/points/transfer', {
      from_user_id: giver,
      to_user_id: receiver,
      amount: 100,
      target_platform: 'platform_b',
    });
    const opening = {
      transaction_id: moved.body['transaction_id'],
      reason_code: 'duplicate',
      description: 'Twice',
      amount: 40,
    };
    const id = String(
      (
        await api.call('platform_a', 'POST', '/api/disputes', opening, {
          headers: { 'idempotency-key': randomUUID() },
        })
      ).body['dispute_id'],
    );
    const decide = (...args: string[]): ReturnType<typeof runInProcess> =>
      pontis('disputes', 'decide', id, '--outcome', 'upheld', '--reason', 'so it is', ...args);
    const { token } = JSON.parse((await pontis('operator', 'add', 'olga', '--json')).stdout) as {
      token: string;
    };

    expect((await pontis('disputes', 'list')).stdout).toMatch(
      new RegExp(`^dispute_id .*\n${id}  opened  platform_a  platform_b  40.00   duplicate `),
    );
    await api.call('platform_b', 'POST', `/api/disputes/${id}/evidence`, {
      name: 'log.txt',
      text: 'once',
    });
    await api.call('platform_b', 'POST', `/api/disputes/${id}/respond`, {
      answer: 'contest',
      description: 'Once',
    });
    await api.call('platform_a', 'POST', `/api/disputes/${id}/respond`, {
      answer: 'rebut',
      description: 'No',
    });
    expect(
      JSON.parse((await pontis('disputes', 'list', '--state', 'under_review', '--json')).stdout),
    ).toMatchObject({ disputes: [{ dispute_id: id, overdue: false }] });
    expect(await decide()).toMatchObject({ code: 64 });
    expect(await decide('--amount', '41', '--as-token', token)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('More than can be disputed'),
    });
    expect(await decide('--amount', '30', '--as-token', token)).toMatchObject({
      code: 0,
      stdout: `${id} is upheld\n`,
    });

    const shown = await pontis('disputes', 'show', id);
    expect(shown.stdout).toMatch(/resolution +reversal of 30\.00\n/);
    expect(shown.stdout).toMatch(/ operator olga +uphold +upholding +so it is\n/);
    expect(shown.stdout).toMatch(/ledger +settleUpheld +upheld\n/);
    expect(shown.stdout).toMatch(
      /\n1 +log\.txt +text\/plain +4 +[0-9a-f]{64} +platform platform_b\n/,
    );
    expect(await api.balance('platform_a', giver)).toBe(30);
  } finally {
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
