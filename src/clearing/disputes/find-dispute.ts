// Finds a dispute for a caller, after taking into account what its platform has reversed meanwhile.

import { bucketOfTransaction, parseId, type PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { disputeProblems } from './problems.ts';
import { selectDispute } from './store.ts';
import type { DisputeParts } from './take-step.ts';
import type { Dispute } from './types.ts';
import { noteReversed } from './finish.ts';

/** By its public id; with a platform, only a dispute in which it takes part. */
export async function findDispute(
  { pool }: Pick<DisputeParts, 'pool'>,
  publicId: string,
  platformId?: PlatformId,
): Promise<Result<Dispute>> {
  const disputeId = parseId('dsp', publicId);
  const dispute =
    disputeId === undefined
      ? undefined
      : await selectDispute(pool, bucketOfTransaction(disputeId), disputeId);
  const sees =
    dispute !== undefined &&
    (platformId === undefined ||
      dispute.source.platformId === platformId ||
      dispute.target.platformId === platformId);
  return sees ? ok(dispute) : refuse(disputeProblems.dispute_not_found());
}

/** The dispute after all reversals by its platform. */
export async function findUpToDate(
  parts: DisputeParts,
  publicId: string,
  platformId?: PlatformId,
): Promise<Result<Dispute>> {
  const found = await findDispute(parts, publicId, platformId);
  if (
    !found.ok ||
    found.value.outcome !== null ||
    found.value.source.platformId !== found.value.target.platformId
  )
    return found;
  await noteReversed(parts, found.value.transactionId);
  return findDispute(parts, publicId, platformId);
}
