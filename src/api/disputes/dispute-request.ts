// Defines the fields of requests about disputes: ids of a dispute and its evidence, and a statement
// of a side.

import { Type } from 'typebox';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a dispute. */
export const DisputeParams = closed({
  dispute_id: Type.String({
    maxLength: 128,
    description: 'The dispute_id from POST /api/disputes.',
  }),
});
/** Path parameters of a piece of evidence. */
export const EvidenceParams = closed({
  ...DisputeParams.properties,
  evidence: Type.Integer({
    minimum: 1,
    maximum: 10,
    description: 'The number of the evidence in the dispute.',
  }),
});
/** A statement of one side, at most 2,000 characters. */
export const Words = text(
  2_000,
  'The other side and the operators can read it. Do not put personal data here.',
);
