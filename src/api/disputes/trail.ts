// A dispute with everything that happened to it and all that was put forward.

import type { Static } from 'typebox';
import type { Dispute } from '../../clearing/disputes/disputes.ts';
import type { ApiParts } from '../parts.ts';
import { describeTrail, type DisputeWithTrail } from '../../views/dispute.ts';

export async function readTrail(
  { disputes }: ApiParts,
  dispute: Dispute,
  reader: 'platform' | 'operator',
): Promise<Pick<Static<typeof DisputeWithTrail>, 'steps' | 'evidence'>> {
  const [steps, evidence] = [
    await disputes.listSteps(dispute),
    await disputes.listEvidence(dispute),
  ];
  return describeTrail(steps, evidence, reader);
}
