// How operations about recalls name a recall, and what is said in one.

import { Type } from 'typebox';
import { closed, text } from '../../views/schemas.ts';

export const RecallParams = closed({
  recall_id: Type.String({
    maxLength: 128,
    description: 'As POST /api/transactions/{transaction_id}/recall answered it.',
  }),
});
export const RecallWords = text(
  2_000,
  'For the other side and the operators. Do not put personal data here.',
);
