// Reads the past that a command goes on from, before it is queued: the rows of the earlier
// transaction and what it drew from allowances. Neither ever changes, so no lock is needed. Before
// this: `create-ledger.ts`. Next: `task.ts`.

import { bucketOf, bucketOfTransaction, type TransactionId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import type { Command } from './commands/commands.ts';
import type { ReverseCommand } from './commands/reverse.ts';
import { loadHold } from './store-holds.ts';
import { findLegs } from './store-journal.ts';
import { NO_PAST, type Past } from './task.ts';
import type { PostedLeg } from './types.ts';
import type { AllowanceUse, Reads } from './view.ts';
import { listAllowances } from './store-wallets.ts';

export interface LookBackParts {
  readonly pool: Pool;
  readonly bucketCount: () => number;
}

/** All legs of a transaction, read from the bucket of each member concerned; empty for none. */
export async function findTransaction(
  { pool, bucketCount }: LookBackParts,
  transactionId: TransactionId,
): Promise<PostedLeg[]> {
  const bucket = bucketOfTransaction(transactionId);
  if (bucket >= bucketCount()) return [];
  const legs = await findLegs(pool, bucket, transactionId);
  const [first] = legs;
  if (first === undefined || first.counterpartyId === null || legs.length > 1)
    return first?.leg === 0 ? legs : [];
  const other = bucketOf(first.counterpartyId, bucketCount());
  return other === bucket ? legs : [...legs, ...(await findLegs(pool, other, transactionId))];
}

/** Reads the earlier transaction that a command names. */
export async function lookBack(
  parts: LookBackParts,
  { original, allowances }: Pick<Reads, 'original' | 'allowances'>,
): Promise<Past> {
  if (original === undefined) return NO_PAST;
  const originals = await findTransaction(parts, original);
  return {
    originals,
    allowances: allowances === undefined ? [] : await drawnBy(parts, originals[0]),
  };
}

/**
 * A reversal that names an authorisation means the transaction that posted it; undefined while that
 * is not decided.
 */
export async function resolveAuthorised(
  parts: LookBackParts,
  command: ReverseCommand,
): Promise<Command | undefined> {
  const [leg] = await findTransaction(parts, command.transactionId);
  if (leg?.kind !== 'authorise') return command;
  const hold = await loadHold(parts.pool, leg.bucket, leg.transactionId);
  if (hold?.state === 'held') return undefined;
  return hold?.state === 'captured' && hold.resolvedBy !== null
    ? { ...command, transactionId: hold.resolvedBy }
    : command;
}

/**
 * The allowances that a transaction drew on. Those of a capture were drawn by its hold, and given
 * back for the points that it did not capture.
 */
async function drawnBy(
  parts: LookBackParts,
  leg: PostedLeg | undefined,
): Promise<readonly AllowanceUse[]> {
  if (leg === undefined) return NO_PAST.allowances;
  if (leg.kind === 'capture' && leg.relatedId !== null) {
    const [hold] = await findTransaction(parts, leg.relatedId);
    if (hold === undefined) return NO_PAST.allowances;
    return (await drawnBy(parts, hold)).map((drawn) => ({
      ...drawn,
      used: drawn.used - (drawn.used * (hold.amount - leg.amount)) / hold.amount,
    }));
  }
  if (leg.kind === 'conversion' && leg.relatedId !== null) {
    const [before] = await findTransaction(parts, leg.relatedId);
    if (before?.kind === 'authorise') return drawnBy(parts, before);
  }
  const drawn = leg.entries.filter(({ layer, amount }) => layer === 'p' && amount < 0n);
  // A row that was decided without rules, or that moves no more than a hold without limits, drew
  // nothing.
  if (leg.rulebookVersion === null || drawn.length === 0) return NO_PAST.allowances;
  const accountIds = drawn.map(({ accountId }) => accountId);
  const allowances = await listAllowances(parts.pool, leg.bucket, accountIds);
  return allowances.map((account) => ({
    bucket: leg.bucket,
    ...account,
    used: -(drawn.find(({ accountId }) => accountId === account.accountId)?.amount ?? 0n),
  }));
}
