// The feed on a real database: numbers without a gap in the order of commits, whichever process
// appends, and a platform's view of it.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { dbTransaction } from '../runtime/database.ts';
import { appendEvents, readFeedHead, selectEvents } from './feed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const event = (type: string, platformId: string | null = null) => ({
  type,
  platformId,
  data: { type },
});
const append = (...events: ReturnType<typeof event>[]): Promise<void> =>
  dbTransaction(database.pool, (client) => appendEvents(client, events, Date.now()));

test('a reader by cursor misses nothing, however many append at once and roll back', async () => {
  const before = await readFeedHead(database.pool);
  const seen: bigint[] = [];
  let cursor = before;
  const readOn = async (): Promise<void> => {
    for (const { eventId } of await selectEvents(database.pool, cursor, 1_000))
      seen.push((cursor = eventId));
  };
  const writers = Array.from({ length: 60 }, (_, index) =>
    dbTransaction(database.pool, async (client) => {
      await appendEvents(
        client,
        Array.from({ length: 1 + (index % 3) }, () => event('test.written')),
        Date.now(),
      );
      // Commits come in another order than the statements began.
      await sleep(index % 4);
      if (index % 5 === 0) throw new Error('rolled back');
    }).catch((error: Error) => expect(error.message).toBe('rolled back')),
  );
  const state = { done: false };
  const all = Promise.all(writers).then(() => (state.done = true));
  while (!state.done) await readOn();
  await all;
  await readOn();
  const expected = Array.from({ length: 60 }, (_, index) =>
    index % 5 === 0 ? 0 : 1 + (index % 3),
  ).reduce((sum, count) => sum + count, 0);
  expect(seen).toEqual(Array.from({ length: expected }, (_, index) => before + BigInt(index) + 1n));
  expect(await readFeedHead(database.pool)).toBe(before + BigInt(expected));
});

test('a platform reads its own events and those of the rulebook, of the types it asks for, page by page', async () => {
  const start = await readFeedHead(database.pool);
  await append(
    event('redemption.issued', 'platform_a'),
    event('redemption.issued', 'platform_b'),
    event('rulebook.effective'),
    event('proposal.made'),
    event('redemption.expired', 'platform_a'),
  );
  const types = async (
    after: bigint,
    limit: number,
    filter: Parameters<typeof selectEvents>[3],
  ): Promise<string[]> =>
    (await selectEvents(database.pool, after, limit, filter)).map(
      ({ type, platformId }) => `${type} ${platformId ?? ''}`,
    );
  expect(await types(start, 10, { platformId: 'platform_a' })).toEqual([
    'redemption.issued platform_a',
    'rulebook.effective ',
    'redemption.expired platform_a',
  ]);
  expect(await types(start, 2, { platformId: 'platform_a' })).toEqual([
    'redemption.issued platform_a',
    'rulebook.effective ',
  ]);
  expect(await types(start + 3n, 2, { platformId: 'platform_a' })).toEqual([
    'redemption.expired platform_a',
  ]);
  expect(
    await types(start, 10, {
      platformId: 'platform_a',
      types: ['redemption.expired', 'proposal.made'],
    }),
  ).toEqual(['redemption.expired platform_a']);
  expect(
    await types(start, 10, { platformId: 'platform_a', types: ['redemption.*', 'rule.*'] }),
  ).toEqual(['redemption.issued platform_a', 'redemption.expired platform_a']);
  expect(await types(start, 10, { types: ['proposal.made'] })).toEqual(['proposal.made ']);
  expect(await types(start, 10, {})).toHaveLength(5);
});
