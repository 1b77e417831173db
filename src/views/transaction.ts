// A leg of the journal as a platform may see it: in its own points, without who else took part.

import { type Static, Type } from 'typebox';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getAsset, type Asset, type Ledger, type PostedLeg } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';
import { metadataOf, textOf } from './details.ts';
import { Metadata, UnixSeconds } from './schemas.ts';

/** Stands for a source or target that is not a platform; the name comes from the requirement. */
const SYSTEM = 'SYSTEM';

/** A transaction as one platform sees it. */
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
      '`completed`; `held` for a hold, also after it has ended; for an authorise: ' +
      '`pending`, `completed` or `failed`.',
  }),
  timestamp: UnixSeconds,
  posted_at: Type.String({ description: 'RFC 3339.' }),
  occurred_at: Type.Optional(
    Type.String({ description: 'When it happened at the platform, if the platform stated it.' }),
  ),
  amount: Type.Number({
    description:
      'The requested amount, in points of source_platform (of target_platform for an earn).',
  }),
  change: Type.Union([Type.Number(), Type.Null()], {
    description: 'The change of the balance here; null if this row alone does not show it.',
  }),
  balance_after: Type.Union([Type.Number(), Type.Null()]),
  source_platform: Type.String(),
  target_platform: Type.String(),
  from_user_id: Type.Optional(
    Type.String({
      description: 'The user at source_platform who sent; only if that is your platform.',
    }),
  ),
  to_user_id: Type.Optional(
    Type.String({
      description:
        'The user at target_platform who received; only if that is your platform, or you have ' +
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
    Type.String({ description: 'The transaction that it reverses, captures or releases.' }),
  ),
  rulebook_version: Type.Optional(
    Type.Integer({ description: 'Version of the rules under which it was decided.' }),
  ),
  reference: Type.Optional(
    Type.String({ description: 'From the platform that made the transaction, like metadata.' }),
  ),
  category: Type.Optional(Type.String()),
  reason: Type.Optional(
    Type.String({ description: 'Why it was reversed, or why a transfer has failed.' }),
  ),
  metadata: Type.Optional(Metadata),
});

/** The JSON of `TransactionView`. */
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

/** Shows a leg to one platform; `points` are that platform's. */
export function describeLeg(leg: PostedLeg, points: Asset, ledger: Ledger): View {
  const source = getAsset(ledger, leg.assetId);
  const target = leg.targetAssetId === null ? undefined : getAsset(ledger, leg.targetAssetId);
  const balanceAfter = isSourceOf(leg, points) ? leg.balanceAfter : leg.targetBalanceAfter;
  const change = changeOf(leg, points);
  // Reference and metadata are shown only to the platform that wrote them: the one that asked for
  // the transaction, whose points it names first.
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
 * The change that a leg made to its member's balance in `points`; null if the row alone does not
 * show it.
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
 * The kind of transaction that a reversal undoes. One that names an authorisation undoes the
 * conversion that the authorisation became.
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
