// The table from command to decision, and to what must be loaded before it can be made. Pure.

import type { Bucket, OwnerId } from '../kernel/ids.ts';
import { decideAdjust } from './decide-adjust.ts';
import { decideClawback } from './decide-clawback.ts';
import { decideEarn } from './decide-earn.ts';
import { decideExpire } from './decide-expire.ts';
import { decideCapture, decideHold, decideRelease } from './decide-hold.ts';
import { decideRedeem } from './decide-redeem.ts';
import { decideReverse } from './decide-reverse.ts';
import { decideTransfer } from './decide-transfer.ts';
import { exceedsCounters, refusal, type Decision } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, Command, PostedLeg } from './types.ts';
import type { View } from './view.ts';

type DecideTable = { readonly [K in Command['kind']]: (command: Extract<Command, { kind: K }>, view: View) => Decision };

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
};

/** Decides one command on a view that holds the wallets named by `walletsFor`. Changes nothing but empty accounts in the view. */
export function decide(command: Command, view: View): Decision {
  const decideKind = table[command.kind] as (command: Command, view: View) => Decision;
  const decision = decideKind(command, view);
  return decision.type === 'post' && exceedsCounters(decision.plan) ? refusal(ledgerProblems.counter_limit()) : decision;
}

/** Names a wallet that a decision will look at. */
export type NameWallet = (bucket: Bucket, ownerId: OwnerId, assetId: number) => void;

/** What a decision looks up by name: enough of a view to tell which wallets to load. */
export type NamingView = Pick<View, 'bucketOf' | 'points' | 'asset' | 'settlement' | 'original'>;

/** Tells which wallets a command's decision will look at. A wallet left out would look empty, so each decide function is tested with this list. */
export function walletsFor(command: Command, view: NamingView, name: NameWallet): void {
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(command.memberId);
  const system = (at: Bucket, asset: Asset, assetId: number): void => {
    if (asset.ownerId !== null) name(at, asset.ownerId, assetId);
  };
  name(bucket, command.memberId, points.assetId);
  system(bucket, points, points.assetId);
  switch (command.kind) {
    case 'transfer': {
      const target = view.points(command.targetPlatformId);
      const toBucket = view.bucketOf(command.toMemberId);
      name(toBucket, command.toMemberId, target.assetId);
      system(toBucket, target, target.assetId);
      if (target !== points) {
        system(bucket, points, view.settlement.assetId);
        system(bucket, target, view.settlement.assetId);
      }
      return;
    }
    case 'redeem':
      return system(bucket, points, command.rewardAssetId);
    case 'reverse':
      return view.original(command.transactionId).forEach((leg) => walletsOfOriginal(leg, view, name, system));
    default:
      return;
  }
}

function walletsOfOriginal(leg: PostedLeg, view: NamingView, name: NameWallet, system: (at: Bucket, asset: Asset, assetId: number) => void): void {
  const source = view.asset(leg.assetId);
  name(leg.bucket, leg.memberId, source.assetId);
  system(leg.bucket, source, source.assetId);
  if (leg.targetAssetId === null) return;
  const target = view.asset(leg.targetAssetId);
  if (target.kind === 'reward') return system(leg.bucket, source, target.assetId);
  name(leg.bucket, leg.memberId, target.assetId);
  system(leg.bucket, target, target.assetId);
  system(leg.bucket, source, view.settlement.assetId);
  system(leg.bucket, target, view.settlement.assetId);
}
