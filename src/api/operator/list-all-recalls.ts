// GET /operator/recalls: the recalls of the network.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { isPlatformId, parseId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import {
  describeRecallForOperator,
  OperatorRecallView,
  RecallStateText,
} from '../../views/recall.ts';
import { defineRoute } from '../define-route.ts';
import { TransactionIdText } from '../schemas.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(RecallStateText),
  platform_id: Type.Optional(PlatformIdText),
  transaction_id: Type.Optional(TransactionIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ recalls: Type.Array(OperatorRecallView) });

export const listAllRecalls = defineRoute({
  operationId: 'listAllRecalls',
  method: 'GET',
  url: '/operator/recalls',
  tag: 'operator',
  summary: 'Recalls of the network',
  description: 'Newest first.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ recalls, ledger }) =>
    async ({ query }) => {
      const { state, platform_id: platformId, transaction_id: id, limit = DEFAULT_LIMIT } = query;
      assert(
        platformId === undefined || isPlatformId(platformId),
        'the schema has checked the form of the id',
      );
      const found = await recalls.list({
        state,
        platformId,
        transactionId: id === undefined ? undefined : parseId('txn', id),
        limit,
      });
      return ok({ recalls: found.map((recall) => describeRecallForOperator(recall, ledger)) });
    },
});
