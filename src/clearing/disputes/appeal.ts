// An appeal: once, within a deadline, a claimant asks another operator to look again at a decision
// against it. It is a dispute of its own over the same part of the transaction. Both sides were
// heard already, so an operator decides next.

import { hash } from 'node:crypto';
import { smaller } from '../../kernel/amount.ts';
import { deriveTransactionId, formatId, type TransactionId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { followReversalsIn } from './follow-reversals.ts';
import { creditedFor, findMoved } from './moved.ts';
import { finishOpening, freezeIdOf } from './open-dispute.ts';
import { disputeProblems } from './problems.ts';
import { insertDispute, selectDispute } from './store.ts';
import { insertStep } from './store-trail.ts';
import { lockDisputed, sumClaimed } from './store-claims.ts';
import { deadlinesOf, LEASE_MS, type DisputeParts } from './take-step.ts';
import type { Dispute, Who } from './types.ts';

/**
 * The part of a claim that was decided against the claimant; nothing while the claim is open, or
 * for an appeal.
 */
function refusedPart({ state, appealOf, amount, reversed, resolution }: Dispute): bigint {
  if (appealOf !== null) return 0n;
  if (state === 'rejected') return amount - reversed;
  return state === 'upheld' ? amount - reversed - (resolution?.amount ?? 0n) : 0n;
}

export function appealUntilMs(
  { valuation }: Pick<DisputeParts, 'valuation'>,
  dispute: Dispute,
): number | undefined {
  return refusedPart(dispute) > 0n
    ? dispute.changedAtMs + deadlinesOf(valuation).appealMs
    : undefined;
}

/** By the claimant. The same request in the same words gives the same appeal. */
export async function appealDispute(
  parts: DisputeParts,
  before: Dispute,
  text: string,
): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>> {
  const { pool, clock, ledger } = parts;
  const { bucket, transactionId } = before;
  const disputeId = appealIdOf(before);
  const fingerprint = hash('sha256', JSON.stringify(['appeal', text]));
  const replay = async (known: Dispute): Promise<Result<{ dispute: Dispute; replayed: boolean }>> =>
    known.fingerprint === fingerprint
      ? ok({ dispute: await finishOpening(parts, known), replayed: true })
      : refuse(
          disputeProblems.not_appealable(
            `It was appealed against as ${formatId('dsp', disputeId)}.`,
          ),
        );
  const known = await selectDispute(pool, bucket, disputeId);
  if (known !== undefined) return replay(known);
  const refused = refusedPart(before);
  if (refused <= 0n)
    return refuse(
      disputeProblems.not_appealable(
        before.appealOf === null ? `It is ${before.state}.` : 'It is an appeal itself.',
      ),
    );
  const openedAtMs = clock.now();
  if (openedAtMs >= before.changedAtMs + deadlinesOf(parts.valuation).appealMs)
    return refuse(disputeProblems.appeal_too_late());
  const leg = await findMoved(ledger, transactionId);
  if (leg === undefined)
    throw new Error(`dispute ${before.disputeId} is about a transaction that moved nothing`);

  const made = await dbTransaction(pool, async (client): Promise<Result<Dispute>> => {
    await lockDisputed(client, before);
    const meanwhile = await selectDispute(client, bucket, disputeId);
    if (meanwhile !== undefined) return ok(meanwhile);
    await followReversalsIn(client, parts, leg);
    const { claimed } = await sumClaimed(client, before, before.claimantSide, leg.amount);
    const amount = smaller(
      refused,
      leg.amount - (await ledger.getReversed(leg.transactionId, client)) - claimed,
    );
    if (amount <= 0n) return refuse(ledgerProblems.already_reversed());
    const claimant = before.claimantSide === 'source' ? before.source : before.target;
    const appeal: Dispute<'opening'> = {
      ...before,
      disputeId,
      appealOf: before.disputeId,
      fingerprint,
      openedBy: 'platform',
      openerId: claimant.platformId,
      description: text,
      amount,
      reversed: 0n,
      credited: creditedFor(leg, amount),
      holdId: freezeIdOf(ledger, disputeId, before.target),
      frozen: null,
      state: 'opening',
      dueAtMs: null,
      outcome: null,
      resolution: null,
      resolutionId: null,
      problem: null,
      overdueAtMs: null,
      openedAtMs,
      changedAtMs: openedAtMs,
      revision: 1,
    };
    const written = await insertDispute(client, appeal, openedAtMs + LEASE_MS);
    const who: Who = { actor: 'platform', id: claimant.platformId };
    await insertStep(client, written, {
      takenAtMs: openedAtMs,
      who,
      action: 'appeal',
      stateBefore: null,
      stateAfter: 'opening',
      text,
    });
    return ok(written);
  });
  if (!made.ok) return made;
  return made.value.revision === 1 && made.value.fingerprint === fingerprint
    ? ok({ dispute: await finishOpening(parts, made.value), replayed: false })
    : replay(made.value);
}

/**
 * The same id for every request, so that there is only one appeal. No caller can send a key with a
 * space.
 */
function appealIdOf({ bucket, disputeId, claimantSide, source, target }: Dispute): TransactionId {
  const { platformId, memberId } = claimantSide === 'source' ? source : target;
  return deriveTransactionId(bucket, platformId, memberId, `dispute appeal ${disputeId}`);
}
