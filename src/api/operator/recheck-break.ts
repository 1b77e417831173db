// POST /operator/breaks/{break_id}/recheck: asks the platform about a difference again.

import { BreakWithActions } from '../../views/reconciliation.ts';
import { BreakParams, describeStory } from '../breaks/break-fields.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

export const recheckBreak = defineRoute({
  operationId: 'recheckBreak',
  method: 'POST',
  url: '/operator/breaks/:break_id/recheck',
  tag: 'operator',
  summary: 'Ask the platform again',
  description:
    'Looks the transaction up at the platform and closes the break if both sides agree now. ' +
    'For a difference of totals a reconciliation is requested.',
  params: BreakParams,
  body: closed({}),
  answer: BreakWithActions,
  problems: ['break_not_found', 'break_closed', 'not_connected', 'platform_did_not_answer'],
  serve:
    (parts) =>
    async ({ operator, params }) =>
      describeStory(
        await parts.reconciliation.recheck({
          breakId: params.break_id,
          operatorId: operator.operatorId,
        }),
        parts,
      ),
});
