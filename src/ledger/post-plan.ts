// Carries a plan out on the bucket states: numbers the rows, moves the counters, notes what is to
// be written. From here on a plan must succeed; whatever could refuse it has been decided before.
// Before this: `decide.ts`. Next: `commit.ts`.

import { assert } from '../kernel/assert.ts';
import type { MemberId, TransactionId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import { headroom, postedBalance, walletBalance, type Account } from './account.ts';
import type { BucketState } from './bucket-state.ts';
import type { Command } from './commands/commands.ts';
import type { LegPlan, Movement, Plan } from './plan.ts';
import type { Entry, PostedLeg } from './types.ts';

/** The identity of the transaction that a plan becomes. */
export interface Identity {
  readonly transactionId: TransactionId;
  readonly fingerprint: bigint;
  readonly reference: string | undefined;
}

const NO_HOLDS: NonNullable<Plan['holds']> = [];

/** Posts all legs of a plan; returns leg 0. */
export function postPlan(
  plan: Plan,
  identity: Identity,
  nowMs: number,
  today: Day,
  stateOf: (memberId: MemberId) => BucketState,
): PostedLeg {
  const rows = plan.legs.map((leg, index) =>
    postLeg(
      leg,
      index,
      identity,
      plan.rulebookVersion ?? null,
      nowMs,
      today,
      stateOf(leg.memberId),
    ),
  );
  const first = rows[0];
  assert(first !== undefined, 'a plan has at least one leg');
  const { writes } = stateOf(first.memberId);
  for (const hold of plan.holds ?? NO_HOLDS) {
    // It lies in the bucket of its member, who need not be the first.
    const memberId = hold.change === 'create' ? hold.memberId : hold.hold.memberId;
    stateOf(memberId).writes.holds.push({
      row: rows.find((row) => row.memberId === memberId) ?? first,
      plan: hold,
    });
  }
  if (plan.reversal !== undefined)
    writes.reversals.push({
      row: first,
      originalId: plan.reversal.transactionId,
      amount: plan.reversal.amount,
    });
  return first;
}

function postLeg(
  leg: LegPlan,
  index: number,
  identity: Identity,
  rulebookVersion: number | null,
  nowMs: number,
  today: Day,
  state: BucketState,
): PostedLeg {
  const sequence = nextSequence(state);
  const entries = leg.movements.map((movement) => postMovement(movement, sequence, state));
  const row: PostedLeg = {
    bucket: state.bucket,
    sequence,
    transactionId: identity.transactionId,
    leg: index,
    kind: leg.kind,
    postedAtMs: nowMs,
    occurredAtMs: leg.occurredAtMs ?? null,
    memberId: leg.memberId,
    counterpartyId: leg.counterpartyId ?? null,
    assetId: leg.wallet.assetId,
    targetAssetId: leg.targetAssetId ?? null,
    amount: leg.amount,
    credited: leg.credited ?? null,
    fee: leg.fee ?? null,
    rate: leg.rate ?? null,
    balanceAfter: leg.wallet.ownerId === leg.memberId ? walletBalance(leg.wallet, today) : null,
    targetBalanceAfter:
      leg.targetWallet === undefined ? null : walletBalance(leg.targetWallet, today),
    relatedId: leg.relatedId ?? null,
    reference: identity.reference ?? null,
    details: leg.details ?? null,
    fingerprint: identity.fingerprint,
    rulebookVersion,
    entries,
  };
  state.writes.rows.push(row);
  return row;
}

export function nextSequence(state: BucketState): bigint {
  assert(state.known !== undefined, `bucket ${state.bucket} is not known`);
  state.known.sequence += 1n;
  return state.known.sequence;
}

function postMovement(
  { account, amount, layer }: Movement,
  sequence: bigint,
  state: BucketState,
): Entry {
  assert(account.bucket === state.bucket, 'a movement lies in the bucket of its leg');
  numberAccount(account, state);
  switch (layer) {
    case 'p':
      if (amount < 0n) account.debitsPosted -= amount;
      else account.creditsPosted += amount;
      break;
    case 'd':
      account.debitsPending -= amount;
      break;
    case 'c':
      account.creditsPending += amount;
      break;
  }
  assert(
    amount > 0n || account.floor === null || headroom(account) >= 0n,
    'no movement takes an account below its floor',
  );
  account.lastSequence = sequence;
  state.writes.accounts.add(account);
  return { accountId: account.accountId, amount, layer, balanceAfter: balanceOn(account, layer) };
}

/** Gives an account that is moved for the first time its number. */
export function numberAccount(account: Account, state: BucketState): void {
  if (account.accountId !== 0n) return;
  assert(state.known !== undefined, `bucket ${state.bucket} is not known`);
  state.known.accountCount += 1n;
  account.accountId = state.known.accountCount;
}

function balanceOn(account: Account, layer: Entry['layer']): bigint {
  switch (layer) {
    case 'p':
      return postedBalance(account);
    case 'd':
      return account.debitsPending;
    case 'c':
      return account.creditsPending;
  }
}

/** The fields of a command that the journal keeps. */
export function identityOf(
  command: Command,
  transactionId: TransactionId,
  fingerprint: bigint,
): Identity {
  return { transactionId, fingerprint, reference: command.reference };
}
