// The memory of a batch: hands out what its commands name, and nothing else.

import { expect, it } from 'vitest';
import {
  bucketOf,
  platformOwnerId,
  type Bucket,
  type MemberId,
  type PlatformId,
  type TransactionId,
} from '../kernel/ids.ts';
import { INITIAL_RULEBOOK, Rulebook } from '../valuation/valuation.ts';
import { newWallet } from './account.ts';
import { BucketState } from './bucket-state.ts';
import { Memory, needsReading } from './loading.ts';
import { NO_PAST, toTask, type Task } from './task.ts';
import type { Asset } from './types.ts';

const A = 'platform_a' as PlatformId;
const ann = '00000000-0000-4000-8000-000000000001' as MemberId;
const SOME_ID = '00000000-0000-8000-8000-000000000000' as TransactionId;

const points: Asset = {
  assetId: 2,
  code: A,
  kind: 'points',
  scale: 2,
  platformId: A,
  ownerId: platformOwnerId(A),
  clawback: 'debt',
  custody: 'hosted',
};
const settlement: Asset = { ...points, assetId: 1, code: 'CNY', platformId: null, ownerId: null };
const book = {
  bucketCount: 1,
  settlement,
  byId: new Map([settlement, points].map((asset) => [asset.assetId, asset])),
  pointsByPlatform: new Map([[A, points]]),
};
const document = { ...INITIAL_RULEBOOK, platforms: { [A]: { multiplier: '1.0' } } };
const context = { book, rulebook: Rulebook.of(1, document, new Map()), nowMs: 0 };

function memoryOf(task: Task): { readonly memory: Memory; readonly state: BucketState } {
  const state = new BucketState(bucketOf(ann, 1), 1);
  return { memory: new Memory([task], context, new Map([[state.bucket, state]])), state };
}

const task = (command: Parameters<typeof toTask>[0]): Task =>
  toTask(command, NO_PAST, (memberId): Bucket => bucketOf(memberId, 1));
const base = { platformId: A, memberId: ann, key: 'k' };
const earn = task({ kind: 'earn', ...base, amount: 1n });
const release = task({ kind: 'release', ...base, holdId: SOME_ID, cause: 'caller' });

it('finds the wallets of a command once all of them are in memory, and not before', () => {
  const { memory, state } = memoryOf(earn);
  expect(memory.find(earn)).toBeUndefined();
  state.remember(newWallet(state.bucket, ann, points.assetId));
  expect(memory.find(earn)).toBeUndefined();
  state.remember(newWallet(state.bucket, platformOwnerId(A), points.assetId));
  expect(memory.find(earn)).toMatchObject({ wallet: { ownerId: ann } });
  expect(needsReading(earn)).toBe(false);
});

it('hands out no wallet to a decision that looks for one itself', () => {
  const { memory, state } = memoryOf(earn);
  expect(() => memory.view.wallet(state.bucket, ann, points.assetId)).toThrow(
    `a command names the wallet ${ann}/2 that it looks at`,
  );
});

it('hands out no reading that no command of the batch names', () => {
  const { memory } = memoryOf(release);
  expect(needsReading(release)).toBe(true);
  expect(memory.view.original(SOME_ID)).toEqual([]);
  for (const reading of ['reversed', 'floored', 'freezes', 'lengthened'] as const)
    expect(() => memory.view[reading](SOME_ID)).toThrow(
      `a command of the batch names ${reading} of ${SOME_ID} in its reads`,
    );
  expect(() => memory.view.quoteUser('a nonce')).toThrow('names quoteUser of a nonce');
});
