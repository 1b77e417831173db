// GET /operator/breaks/{break_id}: one difference and the actions of operators on it.

import { BreakWithActions } from '../../views/reconciliation.ts';
import { BreakParams, describeStory } from '../breaks/break-fields.ts';
import { defineRoute } from '../define-route.ts';

export const getBreak = defineRoute({
  operationId: 'getBreak',
  method: 'GET',
  url: '/operator/breaks/:break_id',
  tag: 'operator',
  summary: 'One difference and the actions on it',
  params: BreakParams,
  answer: BreakWithActions,
  problems: ['break_not_found'],
  serve:
    (parts) =>
    async ({ params }) =>
      describeStory(await parts.reconciliation.find(params.break_id), parts),
});
