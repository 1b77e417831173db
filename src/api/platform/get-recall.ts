// GET /api/recalls/{recall_id}: one recall with its history.

import { ok } from '../../kernel/problem.ts';
import { describeRecallWithSteps, RecallWithSteps } from '../../views/recall.ts';
import { RecallParams } from '../recalls/recall-request.ts';
import { defineRoute } from '../define-route.ts';

export const getRecall = defineRoute({
  operationId: 'getRecall',
  method: 'GET',
  url: '/api/recalls/:recall_id',
  tag: 'recalls',
  summary: 'One recall',
  description: 'A platform sees only recalls in which it takes part.',
  params: RecallParams,
  answer: RecallWithSteps,
  problems: ['recall_not_found'],
  serve:
    ({ recalls, ledger }) =>
    async ({ caller, params }) => {
      const found = await recalls.find(params.recall_id, caller.platform.platformId);
      if (!found.ok) return found;
      return ok(describeRecallWithSteps(found.value, await recalls.listSteps(found.value), ledger));
    },
});
