// POST /operator/breaks/{break_id}/note: adds a note to a difference.

import { BreakWithActions } from '../../views/reconciliation.ts';
import { BreakParams, describeStory } from '../breaks/break-fields.ts';
import { defineRoute } from '../define-route.ts';
import { closed, text } from '../../views/schemas.ts';

const Body = closed({
  note: text(2_000, 'The finding, or the person who works on it; kept with the break.'),
});

export const noteBreak = defineRoute({
  operationId: 'noteBreak',
  method: 'POST',
  url: '/operator/breaks/:break_id/note',
  tag: 'operator',
  summary: 'Add a note to a difference',
  params: BreakParams,
  body: Body,
  answer: BreakWithActions,
  problems: ['break_not_found', 'break_closed'],
  serve:
    (parts) =>
    async ({ operator, params, body }) =>
      describeStory(
        await parts.reconciliation.note({
          breakId: params.break_id,
          operatorId: operator.operatorId,
          note: body.note,
        }),
        parts,
      ),
});
