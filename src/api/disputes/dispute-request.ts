// How operations about disputes name a dispute and its evidence, and what is said in one.

import { Type } from 'typebox';
import { closed, text } from '../../views/schemas.ts';

export const DisputeParams = closed({
  dispute_id: Type.String({ maxLength: 128, description: 'As POST /api/disputes answered it.' }),
});
export const EvidenceParams = closed({
  ...DisputeParams.properties,
  evidence: Type.Integer({ minimum: 1, maximum: 10, description: 'Its number in the dispute.' }),
});
export const Words = text(
  2_000,
  'For the other side and the operators. Do not put personal data here.',
);
