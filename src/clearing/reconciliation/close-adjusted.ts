// Closes a break in the commit that decides its adjustment, so it is adjusted once. From then on
// the network expects the platform's own figure; if the platform books the rest later, that is a
// new break.

import { randomUUID } from 'node:crypto';
import { bucketOfTransaction, type TransactionId } from '../../kernel/ids.ts';
import { refuse, type Result } from '../../kernel/problem.ts';
import type { Clock } from '../../kernel/time.ts';
import type { DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { reconciliationProblems } from './problems.ts';
import { closeBreak, insertAction, insertAdjustment, selectBreak } from './store-breaks.ts';
import type { Break } from './types.ts';

export interface DecidedAdjustment {
  readonly disputeId: TransactionId;
  readonly resolutionId: TransactionId;
  readonly transactionId: TransactionId;
  /** What the platform is no longer expected to credit, in minor units of its points. */
  readonly missing: bigint;
  readonly words: string;
}

/**
 * `work` refuses before it writes anything; the break's row is locked before any row of disputes.
 */
export async function closeAdjustedIn<Decided extends DecidedAdjustment>(
  client: DbClient,
  { clock }: { readonly clock: Clock },
  { breakId, operatorId }: { readonly breakId: string; readonly operatorId: string },
  work: (one: Break) => Promise<Result<Decided>>,
): Promise<Result<Decided>> {
  const one = await selectBreak(client, breakId, true);
  if (one === undefined) return refuse(reconciliationProblems.break_not_found());
  const decided = await work(one);
  if (!decided.ok) return decided;
  const now = new Date(clock.now());
  const { transactionId, disputeId, missing, words } = decided.value;
  await insertAdjustment(client, {
    bucket: bucketOfTransaction(transactionId),
    disputeId,
    transactionId,
    platformId: one.platformId,
    breakId,
    missing,
    decidedAt: now,
  });
  await closeBreak(client, breakId, 'resolved', 'adjusted', now);
  await insertAction(client, randomUUID(), breakId, {
    actedAt: now,
    operatorId,
    action: 'adjust',
    words,
  });
  const data = { break_id: breakId, category: one.category, subject: one.subject, reason: words };
  await appendEvents(
    client,
    [{ type: 'reconciliation.adjusted', platformId: one.platformId, data }],
    now.getTime(),
  );
  return decided;
}
