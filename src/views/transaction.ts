// A leg of the journal as a platform may see it: in its own points, without who else took part.

import { type Static, Type } from 'typebox';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getAsset, type Asset, type Ledger, type PostedLeg } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';
import { metadataOf, textOf } from './details.ts';
import { Metadata, UnixSeconds } from './schemas.ts';

/** Where points come from or go to when that is no platform; the source requirement's word. */
const SYSTEM = 'SYSTEM';

export const TransactionView = Type.Object({
  transaction_id: Type.String(),
  kind: Type.String({
    description:
      'earn, transfer, conversion, authorise (a transfer over a platform that keeps its ' +
      'points itself, from its beginning to its end), redeem, hold, capture, release, ' +
      'reverse, clawback, expire or adjust.',
  }),
  status: Type.String({
    description:
      '`completed`; `held` for a hold, whatever became of it later; of an authorise: ' +
      '`pending`, `completed` or `failed`.',
  }),
  timestamp: UnixSeconds,
  posted_at: Type.String({ description: 'RFC 3339.' }),
  occurred_at: Type.Optional(
    Type.String({ description: 'When it happened at the platform, when that was stated.' }),
  ),
  amount: Type.Number({
    description:
      'What was asked for, in points of source_platform (of target_platform for an earn).',
  }),
  change: Type.Union([Type.Number(), Type.Null()], {
    description:
      'What it did to the balance here; null where that cannot be told from this row alone.',
  }),
  balance_after: Type.Union([Type.Number(), Type.Null()]),
  source_platform: Type.String(),
  target_platform: Type.String(),
  from_user_id: Type.Optional(
    Type.String({
      description: 'Whose points went, at source_platform; only when that is your platform.',
    }),
  ),
  to_user_id: Type.Optional(
    Type.String({
      description:
        'Whose points came, at target_platform; only when that is your platform, or you have ' +
        'named the user.',
    }),
  ),
  rate: Type.Optional(Type.String()),
  fee: Type.Optional(Type.Number({ description: 'In points of source_platform.' })),
  target_fee: Type.Optional(Type.Number({ description: 'In points of target_platform.' })),
  bonus: Type.Optional(
    Type.Number({ description: 'In points of target_platform; part of credited_amount.' }),
  ),
  credited_amount: Type.Optional(Type.Number({ description: 'In points of target_platform.' })),
  quantity: Type.Optional(Type.Integer({ description: 'Units of the reward.' })),
  related_transaction_id: Type.Optional(
    Type.String({ description: 'What it reverses, captures or releases.' }),
  ),
  rulebook_version: Type.Optional(
    Type.Integer({ description: 'Version of the rules under which it was decided.' }),
  ),
  reference: Type.Optional(
    Type.String({ description: 'Of the platform that wrote it, as is metadata.' }),
  ),
  category: Type.Optional(Type.String()),
  reason: Type.Optional(
    Type.String({ description: 'Why it was reversed, or why a transfer has failed.' }),
  ),
  metadata: Type.Optional(Metadata),
});

export type TransactionView = Static<typeof TransactionView>;
type View = TransactionView;

/** True when the transaction moved points of this asset. */
export function concerns(legs: readonly PostedLeg[], points: Asset): boolean {
  return legs.some((leg) => leg.assetId === points.assetId || leg.targetAssetId === points.assetId);
}

/**
 * True when the leg's amount and balance count these points; the second leg of a conversion carries
 * only the target's balance.
 */
export function isSourceOf(leg: PostedLeg, points: Asset): boolean {
  return leg.assetId === points.assetId && !(leg.leg === 1 && leg.targetBalanceAfter !== null);
}

/** `points` are the viewing platform's. */
export function describeLeg(leg: PostedLeg, points: Asset, ledger: Ledger): View {
  const source = getAsset(ledger, leg.assetId);
  const target = leg.targetAssetId === null ? undefined : getAsset(ledger, leg.targetAssetId);
  const balanceAfter = isSourceOf(leg, points) ? leg.balanceAfter : leg.targetBalanceAfter;
  const change = changeOf(leg, points);
  // The words of the platform that wrote them: who asks for a transaction is the one whose points
  // it names first.
  const isOwn = leg.assetId === points.assetId;
  return {
    transaction_id: formatId('txn', leg.transactionId),
    kind: leg.kind,
    status: leg.kind === 'hold' ? 'held' : leg.kind === 'authorise' ? 'pending' : 'completed',
    timestamp: Math.floor(leg.postedAtMs / 1000),
    posted_at: formatMoment(leg.postedAtMs),
    amount: toPoints(leg.amount, source),
    change: change === null ? null : toPoints(change, points),
    balance_after: balanceAfter === null ? null : toPoints(balanceAfter, points),
    ...platformsOf(leg, source, target),
    ...omitAbsent({
      occurred_at: leg.occurredAtMs === null ? undefined : formatMoment(leg.occurredAtMs),
      rate: leg.rate ?? undefined,
      fee: leg.fee === null ? undefined : toPoints(leg.fee, source),
      target_fee: minorIn(target, textOf(leg.details, 'target_fee')),
      bonus: minorIn(target, textOf(leg.details, 'bonus')),
      credited_amount:
        target?.kind === 'points' && leg.credited !== null
          ? toPoints(leg.credited, target)
          : undefined,
      quantity:
        target?.kind === 'reward' && leg.credited !== null
          ? toPoints(leg.credited, target)
          : undefined,
      related_transaction_id: leg.relatedId === null ? undefined : formatId('txn', leg.relatedId),
      rulebook_version: leg.rulebookVersion ?? undefined,
      reference: isOwn ? (leg.reference ?? undefined) : undefined,
      category: textOf(leg.details, 'category'),
      reason: textOf(leg.details, 'reason'),
      metadata: isOwn ? metadataOf(leg.details) : undefined,
    }),
  };
}

function platformsOf(
  leg: PostedLeg,
  source: Asset,
  target: Asset | undefined,
): Pick<View, 'source_platform' | 'target_platform'> {
  const platform = source.platformId ?? SYSTEM;
  switch (leg.kind) {
    case 'earn':
      return { source_platform: SYSTEM, target_platform: platform };
    case 'transfer':
      return { source_platform: platform, target_platform: platform };
    case 'authorise':
    case 'conversion':
      return { source_platform: platform, target_platform: target?.platformId ?? SYSTEM };
    default:
      return {
        source_platform: platform,
        target_platform: target?.kind === 'points' ? (target.platformId ?? SYSTEM) : SYSTEM,
      };
  }
}

/**
 * What a leg did to the balance of its member in `points`; null when the row alone does not say.
 */
function changeOf(leg: PostedLeg, points: Asset): bigint | null {
  const reversed = leg.kind === 'reverse';
  const kind = reversed ? reversedKind(leg) : leg.kind;
  const sign = reversed ? -1n : 1n;
  switch (kind) {
    case 'earn':
      return sign * leg.amount;
    case 'transfer':
      return leg.leg === 0 ? -sign * leg.amount : sign * leg.amount;
    case 'conversion':
      if (leg.targetAssetId === points.assetId)
        return leg.credited === null ? null : sign * leg.credited;
      return leg.leg === 0 ? -sign * leg.amount : null;
    case 'redeem':
    case 'capture':
      return -sign * leg.amount;
    case 'hold':
    case 'authorise':
    case 'release':
      return 0n;
    case 'expire':
      return -leg.amount;
    default:
      return null;
  }
}

/**
 * The kind of what a reversal undoes; one that was named by its authorisation undoes what that
 * became.
 */
export function reversedKind(leg: PostedLeg): string | undefined {
  const kind = textOf(leg.details, 'reverses');
  return kind === 'authorise' ? 'conversion' : kind;
}

/** Details keep minor units as text. */
function minorIn(target: Asset | undefined, minor: string | undefined): number | undefined {
  return target === undefined || minor === undefined ? undefined : toPoints(BigInt(minor), target);
}

function omitAbsent<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
