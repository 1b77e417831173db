// Reads the history and the evidence of a dispute.

import type { Static } from 'typebox';
import type { Dispute } from '../../clearing/disputes/disputes.ts';
import type { ApiParts } from '../parts.ts';
import { describeTrail, type DisputeWithTrail } from '../../views/dispute.ts';

/** The steps and the evidence of a dispute, as this reader may see them. */
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
