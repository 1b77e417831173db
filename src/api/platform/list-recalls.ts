// GET /api/recalls: recalls in which the calling platform takes part, newest first.

import { Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { describeRecall, RecallStateText, RecallView } from '../../views/recall.ts';
import { defineRoute } from '../define-route.ts';
import { TransactionIdText } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(RecallStateText),
  transaction_id: Type.Optional(TransactionIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ recalls: Type.Array(RecallView) });

export const listRecalls = defineRoute({
  operationId: 'listRecalls',
  method: 'GET',
  url: '/api/recalls',
  tag: 'recalls',
  summary: 'Recalls in which you take part',
  description: 'Newest first. You are the source or the target.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ recalls, ledger }) =>
    async ({ caller: { platform }, query }) => {
      const { state, transaction_id: id, limit = DEFAULT_LIMIT } = query;
      const found = await recalls.list({
        platformId: platform.platformId,
        state,
        transactionId: id === undefined ? undefined : parseId('txn', id),
        limit,
      });
      return ok({ recalls: found.map((recall) => describeRecall(recall, ledger)) });
    },
});
