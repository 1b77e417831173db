// Where the points of a transfer come from, and how they are set aside while an operator looks.
// Pure. Before this: `commands/transfer.ts` has asked the rules.

import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import { DAY_MS } from '../kernel/time.ts';
import { accountOf, availableOf, type Wallet } from './account.ts';
import type { CommandBase } from './commands/command.ts';
import {
  insufficient,
  portionsOfHold,
  portionsToSpend,
  post,
  refusal,
  setAside,
  type Decision,
  type LegPlan,
  type Movement,
  type Plan,
  type Portion,
} from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, Hold } from './types.ts';
import type { BaseView, DecidingView } from './view.ts';

/** The fields of a transfer that tell where its points come from. */
interface Taker extends CommandBase {
  readonly amount: bigint;
  readonly toMemberId: MemberId;
  readonly targetPlatformId: PlatformId;
  readonly reviewedHoldId?: TransactionId | undefined;
}

/**
 * Where the points come from: the member's lots, or those that a hold has set aside while an
 * operator looked.
 */
export interface Taking {
  readonly portions: readonly Portion[];
  readonly hold: Hold | undefined;
  /** Pending movements that the end of the hold undoes. */
  readonly released: readonly Movement[];
}

const NOTHING_RELEASED: readonly Movement[] = [];

export function takeFrom(
  command: Taker,
  wallet: Wallet,
  system: Wallet,
  points: Asset,
  view: DecidingView<'hold'>,
): Taking | Decision {
  const { amount, reviewedHoldId } = command;
  // The platform itself checks that the user has the points.
  if (points.custody === 'connected' && reviewedHoldId === undefined) {
    const portions = [{ lot: accountOf(system, 'external'), amount }];
    return { portions, hold: undefined, released: NOTHING_RELEASED };
  }
  if (reviewedHoldId === undefined) {
    const portions = portionsToSpend(wallet, amount, view.today);
    return portions === undefined
      ? refusal(insufficient(availableOf(wallet, view.today), amount, points))
      : { portions, hold: undefined, released: NOTHING_RELEASED };
  }
  const hold = view.hold(reviewedHoldId);
  if (
    hold === undefined ||
    hold.memberId !== command.memberId ||
    hold.assetId !== points.assetId ||
    hold.amount !== amount
  )
    return refusal(ledgerProblems.hold_not_found());
  if (hold.state !== 'held')
    return refusal(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
  if (hold.expiresAtMs <= view.nowMs) return refusal(ledgerProblems.hold_expired());
  const portions = portionsOfHold(hold, points.custody === 'connected' ? system : wallet);
  return { portions, hold, released: setAside(portions, system, amount, -1n) };
}

export function resolving({ hold }: Taking, amount: bigint): Pick<Plan, 'holds'> {
  return hold === undefined
    ? {}
    : { holds: [{ change: 'resolve', hold, state: 'captured', captured: amount }] };
}

export function relatedTo({ hold }: Taking): Pick<LegPlan, 'relatedId'> {
  return hold === undefined ? {} : { relatedId: hold.holdId };
}

/** The time that an operator has to decide; then the points are free again. */
const REVIEW_DAYS = 7;

/**
 * Pending: member −x, redeemed +x. The row keeps what will be done when an operator lets it pass.
 */
export function setAsideForReview(
  command: Taker,
  { portions }: Taking,
  wallet: Wallet,
  system: Wallet,
  review: { readonly item: string; readonly reason: string },
  view: BaseView,
): Decision {
  const { memberId, toMemberId, amount } = command;
  const { review_days: days = REVIEW_DAYS } = view.rulebook.document.settings;
  return post({
    rulebookVersion: view.rulebook.version,
    legs: [
      {
        kind: 'hold',
        memberId,
        wallet,
        amount,
        counterpartyId: toMemberId,
        targetAssetId: view.points(command.targetPlatformId).assetId,
        details: { ...command.details, review: review.item, review_reason: review.reason },
        movements: setAside(portions, system, amount, 1n),
      },
    ],
    holds: [
      {
        change: 'create',
        wallet,
        memberId,
        amount,
        portions,
        expiresAtMs: view.nowMs + days * DAY_MS,
      },
    ],
  });
}
