// Defines the fields of requests about recalls: the id of a recall, and a statement of a side.

import { Type } from 'typebox';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a recall. */
export const RecallParams = closed({
  recall_id: Type.String({
    maxLength: 128,
    description: 'The recall_id from POST /api/transactions/{transaction_id}/recall.',
  }),
});
/** A statement of one side, at most 2,000 characters. */
export const RecallWords = text(
  2_000,
  'The other side and the operators can read it. Do not put personal data here.',
);
