// The movements of a conversion, and what bounds them; the same whether it is posted at once or
// after platforms were asked. Pure. Before this: `commands/transfer.ts` or `authorisation.ts`.
// Next: `plan.ts`.

import { networkOwnerId, type Bucket } from '../kernel/ids.ts';
import { earlierDay, NEVER, type Day } from '../kernel/time.ts';
import type { Terms } from '../valuation/valuation.ts';
import { headroom, type Account, type Wallet } from './account.ts';
import {
  credit,
  debit,
  move,
  splitByWeight,
  type Decision,
  type Movement,
  type Portion,
} from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset } from './types.ts';
import { systemWallet, type WalletView } from './view.ts';

/** The wallets between which a conversion moves value, in the bucket of the source's member. */
export interface PositionWallets {
  /** The source platform's and the target platform's, in settlement currency. */
  readonly owing: Wallet;
  readonly due: Wallet;
  /** The network's, which keeps what rounding leaves over. */
  readonly network: Wallet;
}

export function positionWallets(
  bucket: Bucket,
  source: Asset,
  target: Asset,
  view: WalletView,
): PositionWallets {
  const { assetId } = view.settlement;
  return {
    owing: systemWallet(view, bucket, source, assetId),
    due: systemWallet(view, bucket, target, assetId),
    network: view.stripe(bucket, networkOwnerId(), assetId),
  };
}

export interface Giving {
  /** The source platform's, in the bucket of its member. */
  readonly system: Wallet;
  readonly positions: PositionWallets;
  readonly amount: bigint;
  readonly portions: readonly Portion[];
  readonly terms: Pick<Terms, 'fee' | 'owed' | 'due' | 'remainder'>;
}

/**
 * The source's side and the positions: portions −x, redeemed +(x−f), fee +f; position(A) − what it
 * owes, position(B) + what it is due, rounding + the difference.
 */
export function giveMovements({ system, positions, amount, portions, terms }: Giving): Movement[] {
  const given = [...debit(portions), move(system, 'redeemed', amount - terms.fee)];
  if (terms.fee > 0n) given.push(move(system, 'fee', terms.fee));
  given.push(
    move(positions.owing, 'position', -terms.owed),
    move(positions.due, 'position', terms.due),
  );
  if (terms.remainder > 0n) given.push(move(positions.network, 'rounding', terms.remainder));
  return given;
}

export interface Receiving {
  readonly target: Asset;
  /** The target platform's, in the bucket of the receiver. */
  readonly system: Wallet;
  readonly wallet: Wallet;
  readonly terms: Pick<Terms, 'credited' | 'targetFee'>;
  readonly parts: readonly { readonly expiresOn: Day; readonly amount: bigint }[];
}

/**
 * The target's side: issued −, member (or the platform's own books) + what is credited, fee + what
 * the platform keeps.
 */
export function receiveMovements({ target, system, wallet, terms, parts }: Receiving): Movement[] {
  const received =
    target.custody === 'connected'
      ? [move(system, 'external', terms.credited)]
      : credit(wallet, parts);
  received.push(move(system, 'issued', -terms.credited - terms.targetFee));
  if (terms.targetFee > 0n) received.push(move(system, 'fee', terms.targetFee));
  return received;
}

/**
 * The credited points by expiry: never later than what they were made of, nor than the target
 * platform's own lifetime.
 */
export function creditedParts(
  portions: readonly Portion[],
  credited: bigint,
  latest: Day,
): { expiresOn: Day; amount: bigint }[] {
  if (portions.length === 1)
    return [
      { expiresOn: earlierDay(portions[0]?.lot.expiresOn ?? NEVER, latest), amount: credited },
    ];
  const amounts = splitByWeight(
    credited,
    portions.map((portion) => portion.amount),
  );
  return mergeByDay(
    portions.map((portion, index) => ({
      expiresOn: earlierDay(portion.lot.expiresOn, latest),
      amount: amounts[index] ?? 0n,
    })),
  );
}

/** One part for each day, empty ones dropped. */
export function mergeByDay(
  parts: readonly { readonly expiresOn: Day; readonly amount: bigint }[],
): { expiresOn: Day; amount: bigint }[] {
  const byDay = new Map<Day, bigint>();
  for (const part of parts)
    if (part.amount > 0n)
      byDay.set(part.expiresOn, (byDay.get(part.expiresOn) ?? 0n) + part.amount);
  return [...byDay].map(([expiresOn, amount]) => ({ expiresOn, amount }));
}

/** The decision that a platform's stripe of the position lacks quota for `value`, when it does. */
export function shortOf(position: Account, value: bigint): Decision | undefined {
  if (position.floor === null || headroom(position) >= value) return undefined;
  return {
    type: 'short',
    shortage: { account: position, need: value, otherwise: ledgerProblems.insufficient_reserve() },
  };
}
