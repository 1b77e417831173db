// GET /operator/disputes: the disputes of the network.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { isPlatformId, parseId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { describeForOperator, OperatorDisputeView, StateText } from '../../views/dispute.ts';
import { defineRoute } from '../define-route.ts';
import { TransactionIdText } from '../schemas.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(StateText),
  platform_id: Type.Optional(PlatformIdText),
  transaction_id: Type.Optional(TransactionIdText),
  overdue: Type.Optional(Type.Boolean({ description: 'Only those whose due date has passed.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ disputes: Type.Array(OperatorDisputeView) });

export const listAllDisputes = defineRoute({
  operationId: 'listAllDisputes',
  method: 'GET',
  url: '/operator/disputes',
  tag: 'operator',
  summary: 'Disputes of the network',
  description: 'Newest first.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ disputes, ledger, clock }) =>
    async ({ query }) => {
      const { state, platform_id: platformId, transaction_id: transactionId } = query;
      assert(
        platformId === undefined || isPlatformId(platformId),
        'the schema has checked the form of the id',
      );
      const found = await disputes.list({
        state,
        platformId,
        transactionId: transactionId === undefined ? undefined : parseId('txn', transactionId),
        dueBeforeMs: query.overdue === true ? clock.now() : undefined,
        limit: query.limit ?? DEFAULT_LIMIT,
      });
      return ok({
        disputes: found.map((dispute) => describeForOperator(dispute, ledger, disputes)),
      });
    },
});
