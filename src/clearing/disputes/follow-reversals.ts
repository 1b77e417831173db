// Follows a platform that reverses a transaction between its own members while it is disputed: the
// ledger takes the frozen points first, and the disputes are told here. The reversed part is no
// longer disputed; a dispute with nothing left ends. A transaction between platforms cannot be
// reversed meanwhile.

import { larger, smaller } from '../../kernel/amount.ts';
import { bucketOfTransaction, type TransactionId } from '../../kernel/ids.ts';
import type { PostedLeg } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { describeEvents } from './dispute-events.ts';
import { creditedFor } from './moved.ts';
import { resolutionIdOf } from './resolution-id.ts';
import { fits, type TransitionFrom } from './states.ts';
import { reduceDispute } from './store.ts';
import { insertStep } from './store-trail.ts';
import { lockDisputesOf, noteReversals, selectFreeze, selectReversals } from './store-claims.ts';
import { BY_LEDGER, LEASE_MS, takeStepIn, type DisputeParts } from './take-step.ts';
import type { Dispute } from './types.ts';

/** Brings the disputes over a transaction up to date; returns those that end by it. */
export async function followReversals(
  parts: DisputeParts,
  transactionId: TransactionId,
): Promise<readonly Dispute[]> {
  const [leg] = await parts.ledger.findTransaction(transactionId);
  return leg === undefined
    ? []
    : dbTransaction(parts.pool, (client) => followReversalsIn(client, parts, leg));
}

/**
 * The same within a dbTransaction. It then holds the row for which all who open disputes over the
 * transaction wait.
 */
export async function followReversalsIn(
  client: DbClient,
  parts: Pick<DisputeParts, 'clock' | 'ledger'>,
  leg: PostedLeg,
): Promise<readonly Dispute[]> {
  const about = {
    bucket: bucketOfTransaction(leg.transactionId),
    transactionId: leg.transactionId,
  };
  const { known, disputes } = await lockDisputesOf(client, about);
  const settling = new Set(
    disputes.map((dispute) => resolutionIdOf(dispute, parts.ledger.bucketCount())),
  );
  const sums = { reversed: 0n, settled: 0n };
  for (const { reversalId, amount } of await selectReversals(client, about))
    sums[settling.has(reversalId) ? 'settled' : 'reversed'] += amount;
  const live = disputes.filter(isUndecided);
  const ended: Dispute[] = [];
  for (const [dispute, reversed, freeze] of await share(
    client,
    live,
    sums.reversed - known,
    leg.amount - sums.reversed - sums.settled,
  )) {
    if (reversed === dispute.reversed) continue;
    const moved = await reduce(client, parts, leg, dispute, reversed, freeze);
    if (moved !== undefined && moved.outcome !== null) ended.push(moved);
  }
  await noteReversals(client, about, sums);
  return ended;
}

type Shared = readonly [dispute: Dispute<Undecided>, reversed: bigint, frozen: bigint];

/**
 * How much of each claim is reversed now: first what was taken from its own freeze, then the rest
 * of the new amount, in the order of opening. Never leaves more disputed than is left of the
 * transaction.
 */
async function share(
  client: DbClient,
  live: readonly Dispute<Undecided>[],
  fresh: bigint,
  left: bigint,
): Promise<readonly Shared[]> {
  let unshared = larger(fresh, 0n);
  const own: Shared[] = [];
  for (const dispute of live) {
    const freeze = await selectFreeze(client, dispute.holdId);
    const taken = smaller(
      larger(freeze.taken - dispute.reversed, 0n),
      smaller(dispute.amount - dispute.reversed, unshared),
    );
    unshared -= taken;
    own.push([dispute, dispute.reversed + taken, freeze.left]);
  }
  const disputed = own.reduce((sum, [{ amount }, reversed]) => sum + amount - reversed, 0n);
  let excess = larger(unshared, disputed - left);
  return own.map(([dispute, reversed, frozen]): Shared => {
    const more = smaller(dispute.amount - reversed, larger(excess, 0n));
    excess -= more;
    return [dispute, reversed + more, frozen];
  });
}

async function reduce(
  client: DbClient,
  parts: Pick<DisputeParts, 'clock' | 'ledger'>,
  leg: PostedLeg,
  dispute: Dispute<Undecided>,
  reversed: bigint,
  frozen: bigint,
): Promise<Dispute | undefined> {
  const nowMs = parts.clock.now();
  const credited = creditedFor(leg, dispute.amount - reversed);
  const reduced = await reduceDispute(
    client,
    dispute,
    { reversed, credited, frozen: dispute.frozen === null ? null : smaller(frozen, credited) },
    nowMs,
  );
  // Another worker has changed it without our lock: the loop looks again.
  if (reduced === undefined) throw new Error(`dispute ${dispute.disputeId} was changed meanwhile`);
  if (!isUndecided(reduced)) return undefined;
  if (reversed === dispute.amount) {
    return takeStepIn(
      client,
      parts,
      reduced,
      'reverse' as TransitionFrom<Undecided>,
      BY_LEDGER,
      'The platform has reversed all of it.',
      { nextInMs: LEASE_MS },
    );
  }
  await insertStep(client, reduced, {
    takenAtMs: nowMs,
    who: BY_LEDGER,
    action: 'reduce',
    stateBefore: reduced.state,
    stateAfter: reduced.state,
    text: 'The platform has reversed a part of it.',
  });
  await appendEvents(client, describeEvents('dispute.reduced', reduced, parts.ledger), nowMs);
  return reduced;
}

type Undecided = 'opening' | 'opened' | 'contested' | 'under_review';

function isUndecided(dispute: Dispute): dispute is Dispute<Undecided> {
  return fits('reverse', dispute.state);
}
