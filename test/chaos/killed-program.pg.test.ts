// kill -9 of the program under load: everything that it has answered is kept, nothing is half done,
// and a restart resumes with the same keys.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PlatformId } from '../../src/kernel/ids.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound, readJournal } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import type { LoadOptions } from '../fixtures/load-process.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';

const seed = seedOf('killed program');
const PROGRAM = new URL('../fixtures/load-process.ts', import.meta.url).pathname;

let database: TestDatabase;
let test: TestLedger;

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

/** Runs the program until it ends, or kills it after `killAfter` answers; returns its output. */
async function run(options: LoadOptions, killAfter?: number): Promise<string[]> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let answers = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    answers += chunk.split('\n').length - 1;
    if (killAfter !== undefined && answers > killAfter) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect([code, signal]).toEqual(killAfter === undefined ? [0, null] : [null, 'SIGKILL']);
  return said.slice(0, said.lastIndexOf('\n')).split('\n');
}

it(
  'keeps what it acknowledged through several kills, and answers the same keys the same way afterwards',
  async () => {
    const random = createRandom(seed);
    const rewards: [PlatformId, number][] = [];
    for (const name of ['platform_a', 'platform_b', 'platform_c'])
      rewards.push([test.id(name), (await test.reward(name, 500n)).assetId]);
    const members = Array.from({ length: 6 }, () => test.member());
    const acknowledged = new Map<string, string>();
    for (let kill = 0; kill < (long ? 40 : 3); kill += 1) {
      const options: LoadOptions = {
        url: database.url,
        seed: seed + kill,
        members,
        rewards,
        keyPrefix: `${kill}/`,
        clients: 40,
        count: 100_000,
        plain: kill === 0,
      };
      const lines = await run(options, random.int(50, 1_200));
      // Requests of the killed program may still be in progress for a moment; then its connections
      // are gone.
      for (let left = 1n; left > 0n; await sleep(10)) {
        const { rows } = await database.pool.query<{ left: bigint }>(
          `select count(*) as left from pg_stat_activity where datname = current_database()
              and pid <> pg_backend_pid() and application_name like 'pontis l%' and state <> 'idle'`,
        );
        left = rows[0]?.left ?? 0n;
      }
      for (const [sign, key = '', id = ''] of lines.map((line) => line.split(' ')))
        if (sign === '+') acknowledged.set(key, id);
      const journal = await readJournal(database.pool);
      expect([...acknowledged.values()].filter((id) => !journal.has(id as never))).toEqual([]);
      await expectSound(database.pool);
    }
    expect(acknowledged.size).toBeGreaterThan(20);

    // The same program with the seed and keys of its first run: its commands are the same.
    const before = await readJournal(database.pool);
    const lines = await run({
      url: database.url,
      seed,
      members,
      rewards,
      keyPrefix: '0/',
      clients: 40,
      count: 1_500,
      plain: true,
    });
    const again = lines
      .map((line) => line.split(' '))
      .filter(([sign, key = '']) => sign === '+' && acknowledged.has(key));
    expect(again.length).toBe(
      [...acknowledged.keys()].filter(
        (key) => key.startsWith('0/') && Number(key.slice(2)) <= 1_500,
      ).length,
    );
    expect(again.length).toBeGreaterThan(5);
    for (const [, key = '', id] of again) expect(id).toBe(acknowledged.get(key));
    const after = await readJournal(database.pool);
    for (const [id, row] of before) expect(after.get(id)).toEqual(row);
    await expectSound(database.pool);
  },
  patience(long ? 600_000 : 60_000),
);
