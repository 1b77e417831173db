// GET /operator/recalls/{recall_id}: one recall with its history.

import { ok } from '../../kernel/problem.ts';
import { describeRecallWithStepsForOperator, OperatorRecallWithSteps } from '../../views/recall.ts';
import { RecallParams } from '../recalls/recall-request.ts';
import { defineRoute } from '../define-route.ts';

export const getAnyRecall = defineRoute({
  operationId: 'getAnyRecall',
  method: 'GET',
  url: '/operator/recalls/:recall_id',
  tag: 'operator',
  summary: 'One recall',
  description: 'With its history.',
  params: RecallParams,
  answer: OperatorRecallWithSteps,
  problems: ['recall_not_found'],
  serve:
    ({ recalls, ledger }) =>
    async ({ params }) => {
      const found = await recalls.find(params.recall_id);
      if (!found.ok) return found;
      const steps = await recalls.listSteps(found.value);
      return ok(describeRecallWithStepsForOperator(found.value, steps, ledger));
    },
});
