// Carries out at once what has just been decided; a loop retries what fails now.

import type { TransactionId } from '../../kernel/ids.ts';
import { carryOut, isCarrying } from './carry-out.ts';
import { followReversals } from './follow-reversals.ts';
import type { DisputeParts } from './take-step.ts';
import type { Dispute } from './types.ts';

export async function finish(parts: DisputeParts, dispute: Dispute): Promise<Dispute> {
  try {
    return isCarrying(dispute) ? await carryOut(parts, dispute) : dispute;
  } catch (error) {
    parts.log.error(
      { err: error, dispute: dispute.disputeId },
      'a decided dispute could not be carried out at once',
    );
    return dispute;
  }
}

/** Tells the disputes over a transaction what its platform has reversed. */
export async function noteReversed(
  parts: DisputeParts,
  transactionId: TransactionId,
): Promise<void> {
  for (const ended of await followReversals(parts, transactionId)) await finish(parts, ended);
}
