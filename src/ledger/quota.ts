// Quota in a batch that has all buckets: moves it between the stripes of one system account, or
// sets it when the cap changes. `allot-quota.ts` shares it out. Before this: `batch.ts` has a
// shortage, or `poster.ts` a new cap. Next: `commit.ts`.

import { randomUUID } from 'node:crypto';
import { larger } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import { deriveTransactionId, type Bucket, type MemberId, type PlatformId } from '../kernel/ids.ts';
import { NEVER } from '../kernel/time.ts';
import type { DedicatedClient } from '../runtime/database.ts';
import { accountOf, type Account } from './account.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { allotQuota, capOf, headroomOf, usedOf } from './allot-quota.ts';
import type { BucketState } from './bucket-state.ts';
import { closeBatch, openBatch } from './commit.ts';
import type { Shortage } from './plan.ts';
import { nextSequence, numberAccount } from './post-plan.ts';
import type { RowTypes } from './store.ts';
import type { Cap } from './types.ts';
import type { AssetBook } from './view.ts';
import { loadWallets } from './store-wallets.ts';

/** The parts of a batch that a change of quota needs. */
export interface QuotaContext {
  readonly book: AssetBook;
  readonly nowMs: number;
  readonly types: RowTypes;
  noteDry(account: Account, room: bigint): void;
}

/**
 * Moves quota from the other stripes to the one that is short; false when all together have too
 * little.
 */
export function takeQuota(
  { account, need, cap }: Shortage,
  platformId: PlatformId,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  context: QuotaContext,
): boolean {
  const stripes = stripesOf(account, stateOf);
  const floors = allotQuota(stripes, cap ?? capOf(stripes), account, need);
  if (floors === undefined) {
    context.noteDry(account, cap === undefined ? headroomOf(stripes) : cap - usedOf(stripes));
    return false;
  }
  setFloors(stripes, floors, stateOf, context, platformId);
  return true;
}

/** The stripes of one system account, one for each bucket of the batch. */
function stripesOf(
  account: Pick<Account, 'ownerId' | 'assetId' | 'purpose' | 'expiresOn'>,
  stateOf: ReadonlyMap<Bucket, BucketState>,
): Account[] {
  return [...stateOf.values()].map((state) => {
    const wallet = state.find(account.ownerId, account.assetId);
    assert(wallet !== undefined, 'all stripes of a short account are loaded');
    return accountOf(wallet, account.purpose, account.expiresOn);
  });
}

/** Changes the floors, one journal row for each stripe whose floor moves. */
function setFloors(
  stripes: readonly Account[],
  floors: readonly bigint[],
  stateOf: ReadonlyMap<Bucket, BucketState>,
  context: QuotaContext,
  platformId: PlatformId,
): void {
  stripes.forEach((stripe, index) => {
    const floor = floors[index] ?? 0n;
    const state = stateOf.get(stripe.bucket);
    if ((stripe.floor === floor && stripe.stored) || state === undefined) return;
    const sequence = nextSequence(state);
    numberAccount(stripe, state);
    const owner = stripe.ownerId as MemberId;
    state.writes.rows.push({
      bucket: stripe.bucket,
      sequence,
      leg: 0,
      kind: 'allot',
      fingerprint: 0n,
      entries: [],
      memberId: owner,
      assetId: stripe.assetId,
      transactionId: deriveTransactionId(stripe.bucket, platformId, owner, `allot/${randomUUID()}`),
      postedAtMs: context.nowMs,
      occurredAtMs: null,
      counterpartyId: null,
      targetAssetId: null,
      amount: -floor,
      credited: null,
      fee: null,
      rate: null,
      balanceAfter: null,
      targetBalanceAfter: null,
      relatedId: null,
      reference: null,
      rulebookVersion: null,
      details: {
        account_id: Number(stripe.accountId),
        floor_before: stripe.floor === null ? null : String(stripe.floor),
        floor_after: String(floor),
      },
    });
    stripe.floor = floor;
    stripe.lastSequence = sequence;
    state.writes.accounts.add(stripe);
  });
}

/**
 * Sets a cap: new floors on all stripes and the cap's own row, in one commit. False when more than
 * that is in use already.
 */
export async function changeCap(
  client: DedicatedClient,
  cap: Cap,
  states: readonly BucketState[],
  context: QuotaContext,
  writeCap: (client: DedicatedClient) => Promise<unknown>,
): Promise<boolean> {
  const open = await openBatch(client, states, true);
  const stateOf = new Map(states.map((state) => [state.bucket, state]));
  await allOrFirstError(
    states.map(async (state) => {
      if (state.find(cap.ownerId, cap.assetId) !== undefined) return;
      const [wallet] = await loadWallets(client, state.bucket, [cap], cap.until ?? NEVER);
      if (wallet !== undefined) state.remember(wallet);
    }),
  );
  const stripes = stripesOf({ ...cap, expiresOn: cap.until ?? NEVER }, stateOf);
  // Points that a limit has let through stay, also under a lower maximum. A cap below the present
  // use is refused.
  const floors = allotQuota(
    stripes,
    cap.purpose === 'shared_allowance' ? larger(cap.amount, usedOf(stripes)) : cap.amount,
  );
  if (floors === undefined) {
    await client.query('rollback');
    return false;
  }
  assert(context.book.byId.has(cap.assetId), 'a cap names a known asset');
  setFloors(stripes, floors, stateOf, context, 'cap' as PlatformId);
  await closeBatch(client, states, context.types, open, [() => writeCap(client)]);
  return true;
}
