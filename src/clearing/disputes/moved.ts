// Finds what a disputed transaction moved: its own rows, or, where platforms were called first, the
// rows of the conversion that its authorisation became.

import type { PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Ledger, PostedLeg } from '../../ledger/ledger.ts';

/**
 * Leg 0 of the rows that moved the points; undefined while platforms are being called, or when they
 * refused.
 */
export async function findMoved(
  ledger: Ledger,
  transactionId: TransactionId,
): Promise<PostedLeg | undefined> {
  const [leg] = await ledger.findTransaction(transactionId);
  if (leg?.kind !== 'authorise') return leg;
  const authorisation = await ledger.findHold(transactionId);
  if (authorisation?.state !== 'captured' || authorisation.resolvedBy === null) return undefined;
  const [posted] = await ledger.findTransaction(authorisation.resolvedBy);
  return posted;
}

/**
 * What the receiver got for a part, rounded up, so that a freeze of a part never leaves out a minor
 * unit of it.
 */
export function creditedFor(
  { kind, amount: whole, credited }: Pick<PostedLeg, 'kind' | 'amount' | 'credited'>,
  amount: bigint,
): bigint {
  if (kind === 'transfer') return amount;
  return ((credited ?? 0n) * amount + whole - 1n) / whole;
}

/** Whether members' points of a platform are accounts of this ledger. */
export function isKeptHere(ledger: Ledger, platformId: PlatformId): boolean {
  return ledger.pointsOf(platformId)?.custody !== 'connected';
}

/** Whether a part can be reversed: connected platforms know whole transactions only. */
export function isReversible(
  ledger: Ledger,
  {
    source,
    target,
  }: {
    readonly source: { readonly platformId: PlatformId };
    readonly target: { readonly platformId: PlatformId };
  },
  amount: bigint,
  whole: bigint,
): boolean {
  return (
    amount === whole ||
    (isKeptHere(ledger, source.platformId) && isKeptHere(ledger, target.platformId))
  );
}
