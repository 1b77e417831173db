// Why a step was lost to another caller at the same moment.

import type { Problem } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { disputeProblems } from './problems.ts';
import { selectDispute } from './store.ts';
import type { DisputeParts } from './take-step.ts';
import type { Dispute } from './types.ts';

/** The dispute's state no longer fits, or it has changed otherwise and the step can be repeated. */
export async function whyLost(
  { pool }: Pick<DisputeParts, 'pool'>,
  { bucket, disputeId, state: before }: Dispute,
): Promise<Problem> {
  const present = await selectDispute(pool, bucket, disputeId);
  return present === undefined || present.state === before
    ? ledgerProblems.unavailable('Another caller has just changed it.')
    : disputeProblems.wrong_dispute_state(`It is ${present.state}.`, { state: present.state });
}
