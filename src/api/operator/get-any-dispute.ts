// GET /operator/disputes/{dispute_id}: one dispute with its history and its evidence.

import { ok } from '../../kernel/problem.ts';
import { describeForOperator, OperatorDisputeWithTrail } from '../../views/dispute.ts';
import { DisputeParams } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { readTrail } from '../disputes/trail.ts';

export const getAnyDispute = defineRoute({
  operationId: 'getAnyDispute',
  method: 'GET',
  url: '/operator/disputes/:dispute_id',
  tag: 'operator',
  summary: 'One dispute',
  description: 'With its history and its evidence.',
  params: DisputeParams,
  answer: OperatorDisputeWithTrail,
  problems: ['dispute_not_found'],
  serve:
    (parts) =>
    async ({ params }) => {
      const { disputes, ledger } = parts;
      const found = await disputes.find(params.dispute_id);
      return found.ok
        ? ok({
            ...describeForOperator(found.value, ledger, disputes),
            ...(await readTrail(parts, found.value, 'operator')),
          })
        : found;
    },
});
