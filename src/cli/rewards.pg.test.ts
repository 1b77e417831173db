// `pontis rewards` on a real database: its output and its refusals.

import { Command } from 'commander';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { TestTerminal } from '../../test/fixtures/command.ts';
import { registerRewards } from './rewards.ts';

let database: TestDatabase;
let api: TestApi;
const ids: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  await api.reward('platform_a', 'mug', {
    points_required: '2.5',
    stock: 7,
    name_en: 'Mug',
    until: '2099-01-01T00:00:00Z',
  });
  await api.reward('platform_b', 'cap', { points_required: '1', stock: 3, name_en: 'Cap' });
  const user = await api.user('platform_a', 10);
  for (let index = 0; index < 2; index += 1) {
    const { body } = await api.call(
      'platform_a',
      'POST',
      '/api/points/redeem',
      { user_id: user, amount: 2.5, reward_id: 'mug' },
      { headers: { 'idempotency-key': `${index}` } },
    );
    ids.push(String(body['redemption_id']));
  }
  await api.call('platform_a', 'POST', `/api/redemptions/${ids[0] ?? ''}/fulfil`, {});
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

async function run(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerRewards(program, {
    environment: { DATABASE_URL: database.url },
    terminal: new TestTerminal(),
    print: (line) => void lines.push(line),
    createContext: async () => ({ ...api.parts, close: async () => undefined }),
  });
  await program.parseAsync(['rewards', ...args], { from: 'user' });
  return lines;
}

it('lists rewards of all platforms or of one, with what is left', async () => {
  expect(await run('list')).toMatchObject([
    expect.stringMatching(
      /^platform_id +reward_id +name +points_required +stock +left +from +until$/,
    ),
    expect.stringMatching(/^platform_a +mug +Mug +2\.50 +7 +5 +2099-01-01T00:00:00\.000Z$/),
    expect.stringMatching(/^platform_b +cap +Cap +1\.00 +3 +3$/),
  ]);
  expect(
    JSON.parse((await run('list', '--platform', 'platform_b', '--json'))[0] ?? ''),
  ).toMatchObject({ rewards: [{ platform_id: 'platform_b', reward_id: 'cap', available: 3 }] });
});

it('lists redemptions of a platform, newest first, or of one state', async () => {
  const all = JSON.parse((await run('redemptions', 'platform_a', '--json'))[0] ?? '') as {
    redemptions: { redemption_id: string }[];
  };
  expect(all.redemptions.map(({ redemption_id }) => redemption_id).sort()).toEqual(ids.toSorted());
  expect(await run('redemptions', 'platform_a', '--state', 'fulfilled')).toMatchObject([
    expect.stringContaining('redemption_id'),
    expect.stringMatching(new RegExp(`^${ids[0] ?? ''} +mug +1 +2\\.50 +fulfilled `)),
  ]);
  expect(await run('redemptions', 'platform_a', '--limit', '1')).toHaveLength(2);
  expect(await run('redemptions', 'platform_b')).toHaveLength(1);
});

it('refuses a platform or a state that does not exist', async () => {
  await expect(run('list', '--platform', 'platform_z')).rejects.toMatchObject({ exit: 'badInput' });
  await expect(run('redemptions', 'platform_z')).rejects.toMatchObject({ exit: 'badInput' });
  await expect(run('redemptions', 'platform_a', '--state', 'lost')).rejects.toThrow('lost');
});
