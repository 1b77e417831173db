// The events of one journal row for each platform: its own points and its own user; of the other
// side only the platform's name. Pure.

import { formatAmount } from '../../kernel/amount.ts';
import { formatId, type MemberId, type PlatformId, type TransactionId } from '../../kernel/ids.ts';
import type { Asset, PostedLeg, TransactionKind } from '../../ledger/ledger.ts';
import type { NewEvent } from '../../events/events.ts';

/** Kinds of which platforms learn more than the answer to their own call. */
export const TOLD_KINDS: readonly TransactionKind[] = [
  'transfer',
  'conversion',
  'authorise',
  'release',
  'reverse',
  'expire',
  'adjust',
];

/** A row with the rows it refers to. */
export interface Told {
  readonly leg: PostedLeg;
  /** The row it reverses, releases or completes. */
  readonly related?: PostedLeg | undefined;
  /** For a reversal: the authorisation that the reversed row completed. */
  readonly origin?: PostedLeg | undefined;
  /** For a release: the hold had expired. */
  readonly overdue?: boolean;
}

/** An event before the platform's own user is known. */
export interface Notice extends NewEvent {
  readonly platformId: PlatformId;
  /**
   * Users in the event, by field name: those of the platform itself, and of another platform only a
   * user that it has named itself.
   */
  readonly users: Readonly<Partial<Record<'user_id' | 'from_user_id' | 'to_user_id', UserOf>>>;
}

/** A member as the user of a platform. */
interface UserOf {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
}

type AssetById = (assetId: number) => Asset | undefined;

/** One platform's part in a transaction. */
interface Side {
  readonly platformId: PlatformId;
  readonly amount: number;
  readonly counter: PlatformId | undefined;
  readonly users: Notice['users'];
  readonly direction: 'sent' | 'received' | 'within';
}

export function describeLeg(told: Told, assetById: AssetById): Notice[] {
  const { leg, related } = told;
  switch (leg.kind) {
    case 'transfer':
      return describeMove(told, assetById);
    case 'conversion':
      return describeTransfer(
        'transfer.completed',
        leg,
        related?.kind === 'authorise' ? related.transactionId : leg.transactionId,
        assetById,
        related,
      );
    case 'authorise':
      return describeTransfer('transfer.pending', leg, leg.transactionId, assetById, related).slice(
        0,
        1,
      );
    case 'release':
      return describeRelease(told, assetById);
    case 'reverse':
      return describeReversal(told, assetById);
    case 'expire':
      return describeOwn('points.expired', leg, assetById);
    case 'adjust':
      return describeOwn('points.adjusted', leg, assetById, { reason: textOf(leg, 'reason') });
    default:
      return [];
  }
}

function describeMove({ leg, related }: Told, assetById: AssetById): Notice[] {
  const points = assetById(leg.assetId);
  if (points?.platformId == null) return [];
  return [
    {
      type: 'transfer.completed',
      platformId: points.platformId,
      users: {
        from_user_id: { platformId: points.platformId, memberId: leg.memberId },
        to_user_id: { platformId: points.platformId, memberId: leg.counterpartyId ?? leg.memberId },
      },
      data: {
        transaction_id: formatId('txn', leg.transactionId),
        direction: 'within',
        amount: formatAmount(leg.amount, points.scale),
        ...reviewOf(related),
        ...referenceOf(leg),
      },
    },
  ];
}

/** Between platforms: the source's event first. */
function describeTransfer(
  type: string,
  leg: PostedLeg,
  transactionId: TransactionId,
  assetById: AssetById,
  related?: PostedLeg,
  more: Readonly<Record<string, string>> = {},
): Notice[] {
  return sidesOf(leg, leg, assetById).map(({ platformId, direction, amount, counter, users }) => ({
    type,
    platformId,
    users,
    data: {
      transaction_id: formatId('txn', transactionId),
      direction,
      amount,
      counter_platform: counter ?? null,
      ...more,
      ...(direction === 'received'
        ? {}
        : { ...feeOf(leg, assetById), ...reviewOf(related), ...referenceOf(leg) }),
    },
  }));
}

function describeRelease({ leg, related, overdue = false }: Told, assetById: AssetById): Notice[] {
  if (related?.kind === 'authorise') {
    const reason = textOf(leg, 'reason');
    return describeTransfer(
      'transfer.failed',
      related,
      related.transactionId,
      assetById,
      undefined,
      reason === undefined ? {} : { reason },
    );
  }
  if (related?.kind !== 'hold') return [];
  if (textOf(related, 'review') !== undefined) {
    const reason = overdue
      ? 'No operator decided in time.'
      : textOf(leg, 'rejected_by') === undefined
        ? undefined
        : (textOf(leg, 'rejection_reason') ?? '');
    return reason === undefined ? [] : describeRejection(related, reason, assetById);
  }
  // The platform already got the answer to a release that it asked for.
  return overdue
    ? describeOwn('hold.expired', leg, assetById, {
        hold_id: formatId('hold', related.transactionId),
        ...referenceOf(related),
      })
    : [];
}

/** Only for the source: no other platform knows of it. */
function describeRejection(review: PostedLeg, reason: string, assetById: AssetById): Notice[] {
  return sidesOf(review, review, assetById)
    .slice(0, 1)
    .map(({ platformId, amount, users }) => ({
      type: 'transfer.rejected',
      platformId,
      users,
      data: {
        transaction_id: formatId('txn', review.transactionId),
        amount,
        reason,
        ...referenceOf(review),
      },
    }));
}

/** The amounts go back to the source's user, and come from the target's. */
function describeReversal({ leg, related, origin }: Told, assetById: AssetById): Notice[] {
  if (related === undefined) return [];
  const ids = {
    transaction_id: formatId(
      'txn',
      (origin?.kind === 'authorise' ? origin : related).transactionId,
    ),
    reversal_id: formatId('txn', leg.transactionId),
  };
  const whole = leg.amount === related.amount;
  if (related.kind === 'conversion') {
    return sidesOf(related, leg, assetById).map(
      ({ platformId, direction, amount, counter, users }) => ({
        type: 'transaction.reversed',
        platformId,
        users,
        data: {
          ...ids,
          kind: 'transfer',
          direction,
          amount,
          whole,
          counter_platform: counter ?? null,
          ...(direction === 'sent' ? { reason: textOf(leg, 'reason') ?? null } : {}),
        },
      }),
    );
  }
  return describeOwn('transaction.reversed', leg, assetById, {
    ...ids,
    kind: related.kind,
    whole,
    reason: textOf(leg, 'reason'),
  });
}

/** An event about one platform and one of its users. */
function describeOwn(
  type: string,
  leg: PostedLeg,
  assetById: AssetById,
  more: Readonly<Record<string, string | boolean | undefined>> = {},
): Notice[] {
  const points = assetById(leg.assetId);
  if (points?.platformId == null) return [];
  const extra = Object.fromEntries(
    Object.entries(more).filter(
      (field): field is [string, string | boolean] => field[1] !== undefined,
    ),
  );
  const user = { platformId: points.platformId, memberId: leg.memberId };
  return [
    {
      type,
      platformId: points.platformId,
      users: { user_id: user },
      data: {
        transaction_id: formatId('txn', leg.transactionId),
        amount: formatAmount(leg.amount, points.scale),
        ...extra,
      },
    },
  ];
}

/** The sides of a conversion, with the `amounts` that moved. */
function sidesOf(conversion: PostedLeg, amounts: PostedLeg, assetById: AssetById): Side[] {
  const source = assetById(conversion.assetId);
  const target =
    conversion.targetAssetId === null ? undefined : assetById(conversion.targetAssetId);
  const sides: Side[] = [];
  const receiver =
    target?.platformId == null
      ? undefined
      : {
          platformId: target.platformId,
          memberId: conversion.counterpartyId ?? conversion.memberId,
        };
  if (source?.platformId != null) {
    const sender = { platformId: source.platformId, memberId: conversion.memberId };
    sides.push({
      platformId: source.platformId,
      amount: formatAmount(amounts.amount, source.scale),
      counter: target?.platformId ?? undefined,
      direction: 'sent',
      // The source has named its receiver itself.
      users: {
        user_id: sender,
        from_user_id: sender,
        ...(receiver === undefined ? {} : { to_user_id: receiver }),
      },
    });
  }
  if (target?.platformId != null && receiver !== undefined) {
    sides.push({
      platformId: target.platformId,
      amount: formatAmount(amounts.credited ?? 0n, target.scale),
      counter: source?.platformId ?? undefined,
      direction: 'received',
      users: { user_id: receiver, to_user_id: receiver },
    });
  }
  return sides;
}

function feeOf(leg: PostedLeg, assetById: AssetById): { fee?: number } {
  const scale = assetById(leg.assetId)?.scale;
  return leg.fee === null || scale === undefined ? {} : { fee: formatAmount(leg.fee, scale) };
}

/** After a review: the transaction_id that was returned with pending_review. */
function reviewOf(related: PostedLeg | undefined): { reviewed_transaction_id?: string } {
  return related?.kind === 'hold'
    ? { reviewed_transaction_id: formatId('txn', related.transactionId) }
    : {};
}

/** The caller's own text, so only for the platform that called. */
function referenceOf(leg: PostedLeg): { reference?: string } {
  return leg.reference === null ? {} : { reference: leg.reference };
}

function textOf(leg: PostedLeg, name: string): string | undefined {
  const value = leg.details?.[name];
  return typeof value === 'string' ? value : undefined;
}
