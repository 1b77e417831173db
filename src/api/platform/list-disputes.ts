// GET /api/disputes: disputes in which the calling platform takes part, newest first.

import { Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { describeDispute, DisputeView, StateText } from '../../views/dispute.ts';
import { defineRoute } from '../define-route.ts';
import { TransactionIdText } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(StateText),
  transaction_id: Type.Optional(TransactionIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ disputes: Type.Array(DisputeView) });

export const listDisputes = defineRoute({
  operationId: 'listDisputes',
  method: 'GET',
  url: '/api/disputes',
  tag: 'disputes',
  summary: 'Disputes in which you take part',
  description: 'Newest first. You are the claimant or the respondent.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ disputes, ledger }) =>
    async ({ caller: { platform }, query }) => {
      const { state, transaction_id: transactionId, limit = DEFAULT_LIMIT } = query;
      const found = await disputes.list({
        platformId: platform.platformId,
        state,
        transactionId: transactionId === undefined ? undefined : parseId('txn', transactionId),
        limit,
      });
      return ok({ disputes: found.map((dispute) => describeDispute(dispute, ledger, disputes)) });
    },
});
