// The table from command to decision, and to what must be loaded before it can be made. Pure.

import { networkOwnerId, type Bucket, type OwnerId, type TransactionId } from '../kernel/ids.ts';
import {
  evaluateOperation,
  evaluateRedemption,
  type LimitUse,
  type Verdict,
} from '../valuation/valuation.ts';
import { decideAdjust } from './commands/adjust.ts';
import { decideClawback } from './commands/clawback.ts';
import { amountToEarn, decideEarn } from './commands/earn.ts';
import { decideExpire } from './commands/expire.ts';
import { decideCapture, decideHold, decideRelease } from './commands/hold.ts';
import { factsOf } from './limits.ts';
import { decideDeposit, decideSettle, decideWithdraw, isOfNetwork } from './commands/settle.ts';
import { decideRedeem } from './commands/redeem.ts';
import { decideReverse } from './commands/reverse.ts';
import { decideTransfer } from './commands/transfer.ts';
import { exceedsCounters, refusal, type Decision } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, Command, PostedLeg } from './types.ts';
import type { View } from './view.ts';

type DecideTable = {
  readonly [K in Command['kind']]: (command: Extract<Command, { kind: K }>, view: View) => Decision;
};

const table: DecideTable = {
  earn: decideEarn,
  transfer: decideTransfer,
  redeem: decideRedeem,
  hold: decideHold,
  capture: decideCapture,
  release: decideRelease,
  reverse: decideReverse,
  clawback: decideClawback,
  expire: decideExpire,
  adjust: decideAdjust,
  deposit: decideDeposit,
  withdraw: decideWithdraw,
  settle: decideSettle,
};

/** What touches only a member's own points: for a platform to do itself where it keeps them. */
const HOSTED_ONLY: ReadonlySet<Command['kind']> = new Set([
  'earn',
  'redeem',
  'hold',
  'clawback',
  'expire',
  'adjust',
]);

/** An adjustment without points only pays the platform, which gives them in its own books. */
function isHostedOnly(command: Command): boolean {
  return HOSTED_ONLY.has(command.kind) && !(command.kind === 'adjust' && command.amount === 0n);
}

/**
 * Decides one command on a view that holds the wallets named by `walletsFor`. Changes nothing but
 * empty accounts in the view.
 */
export function decide(command: Command, view: View): Decision {
  if (isHostedOnly(command) && view.points(command.platformId).custody === 'connected')
    return refusal(ledgerProblems.connected_platform());
  const decideKind = table[command.kind] as (command: Command, view: View) => Decision;
  const decision = decideKind(command, view);
  return decision.type === 'post' && exceedsCounters(decision.plan)
    ? refusal(ledgerProblems.counter_limit())
    : decision;
}

/**
 * Names a wallet that a decision will look at; `striped` when each bucket has one of the same owner
 * and asset.
 */
export type NameWallet = (
  bucket: Bucket,
  ownerId: OwnerId,
  assetId: number,
  striped: boolean,
) => void;

/** What a decision looks up by name: enough of a view to tell which wallets to load. */
export type NamingView = Pick<
  View,
  | 'nowMs'
  | 'bucketOf'
  | 'points'
  | 'asset'
  | 'settlement'
  | 'original'
  | 'allowances'
  | 'rulebook'
  | 'scales'
>;

/**
 * Tells which wallets a command's decision will look at. A wallet left out would look empty, so
 * each decide function is tested with this list.
 */
export function walletsFor(command: Command, view: NamingView, name: NameWallet): void {
  const bucket = view.bucketOf(command.memberId);
  if (isOfNetwork(command)) return name(bucket, networkOwnerId(), view.settlement.assetId, true);
  const points = view.points(command.platformId);
  const system = (at: Bucket, asset: Asset, assetId: number): void => {
    if (asset.ownerId !== null) name(at, asset.ownerId, assetId, true);
  };
  name(bucket, command.memberId, points.assetId, false);
  system(bucket, points, points.assetId);
  for (const { ownerId, assetId, shared } of limitsFor(command, view)) {
    name(bucket, ownerId, assetId, shared);
    name(bucket, networkOwnerId(), assetId, true);
  }
  switch (command.kind) {
    case 'transfer': {
      const target = view.points(command.targetPlatformId);
      const toBucket = view.bucketOf(command.toMemberId);
      name(toBucket, command.toMemberId, target.assetId, false);
      system(toBucket, target, target.assetId);
      // What a platform keeps itself is moved where its money is.
      if (target.custody === 'connected') system(bucket, target, target.assetId);
      if (target !== points) {
        system(bucket, points, view.settlement.assetId);
        system(bucket, target, view.settlement.assetId);
        name(bucket, networkOwnerId(), view.settlement.assetId, true);
      }
      return;
    }
    case 'redeem':
      return system(bucket, points, command.rewardAssetId);
    case 'adjust':
      if (command.compensation === undefined) return;
      system(bucket, points, view.settlement.assetId);
      return system(bucket, view.points(command.compensation.paidBy), view.settlement.assetId);
    case 'capture':
    case 'release':
      for (const leg of view.original(command.holdId))
        if (leg.kind === 'authorise') walletsOfOriginal(leg, view, name, system);
      return walletsOfAllowances(command.holdId, view, name);
    case 'reverse':
      walletsOfAllowances(command.transactionId, view, name);
      return view
        .original(command.transactionId)
        .forEach((leg) => walletsOfOriginal(leg, view, name, system));
    case 'deposit':
    case 'withdraw':
    case 'settle':
      system(bucket, points, view.settlement.assetId);
      return name(bucket, networkOwnerId(), view.settlement.assetId, true);
    default:
      return;
  }
}

function walletsOfAllowances(
  transactionId: TransactionId,
  view: NamingView,
  name: NameWallet,
): void {
  for (const { bucket, ownerId, assetId } of view.allowances(transactionId)) {
    name(bucket, ownerId, assetId, false);
    name(bucket, networkOwnerId(), assetId, true);
  }
}

/** The limits that a decision will draw on; the same rules are asked as in the decision itself. */
function limitsFor(command: Command, view: NamingView): readonly LimitUse[] {
  const verdict = verdictFor(command, view);
  return verdict === undefined || verdict.type === 'refuse' ? [] : verdict.limits;
}

function verdictFor(command: Command, view: NamingView): Verdict | undefined {
  const { rulebook, scales } = view;
  switch (command.kind) {
    case 'transfer': {
      if (command.authorisedId !== undefined) return undefined;
      const operation = command.targetPlatformId === command.platformId ? 'transfer' : 'conversion';
      return evaluateOperation(rulebook, factsOf(command, operation, command.amount, view), scales);
    }
    case 'redeem': {
      const facts = factsOf(command, 'redeem', command.amount, view);
      return command.rewardId === undefined
        ? evaluateOperation(rulebook, facts, scales)
        : evaluateRedemption(rulebook, facts, command.quantity, scales);
    }
    case 'hold':
      if (command.freeze !== undefined) return undefined;
      return evaluateOperation(rulebook, factsOf(command, 'hold', command.amount, view), scales);
    case 'earn': {
      const amount = amountToEarn(command, view);
      return amount === undefined
        ? undefined
        : evaluateOperation(rulebook, factsOf(command, 'earn', amount, view), scales);
    }
    default:
      return undefined;
  }
}

function walletsOfOriginal(
  leg: PostedLeg,
  view: NamingView,
  name: NameWallet,
  system: (at: Bucket, asset: Asset, assetId: number) => void,
): void {
  const source = view.asset(leg.assetId);
  name(leg.bucket, leg.memberId, source.assetId, false);
  system(leg.bucket, source, source.assetId);
  if (leg.targetAssetId === null) return;
  const target = view.asset(leg.targetAssetId);
  if (target.kind === 'reward') return system(leg.bucket, source, target.assetId);
  name(leg.bucket, leg.memberId, target.assetId, false);
  name(leg.bucket, networkOwnerId(), view.settlement.assetId, true);
  system(leg.bucket, target, target.assetId);
  system(leg.bucket, source, view.settlement.assetId);
  system(leg.bucket, target, view.settlement.assetId);
}
