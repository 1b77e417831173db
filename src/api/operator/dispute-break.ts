// POST /operator/breaks/{break_id}/dispute: opens a dispute about the transaction of a break.

import { Type } from 'typebox';
import { disputeBreak as openDisputeOf } from '../../clearing/reconciliation/reconciliation.ts';
import { ok } from '../../kernel/problem.ts';
import { describeForOperator, OperatorDisputeView, SideText } from '../../views/dispute.ts';
import { BreakParams } from '../breaks/break-fields.ts';
import { defineRoute } from '../define-route.ts';
import { closed, text } from '../../views/schemas.ts';

const Body = closed(
  {
    reason: text(500, 'The claim; both sides can read it.'),
    side: Type.Optional(SideText),
  },
  '`side` is the side that claims; `source` when absent.',
);

export const disputeBreak = defineRoute({
  operationId: 'disputeBreak',
  method: 'POST',
  url: '/operator/breaks/:break_id/dispute',
  tag: 'operator',
  summary: 'Dispute the transaction of a difference',
  description:
    'Opens a dispute for one side and notes it with the break. Another operator decides it, ' +
    'with a reversal or an adjustment. The same break returns the same dispute again.',
  params: BreakParams,
  body: Body,
  answer: OperatorDisputeView,
  problems: [
    'break_not_found',
    'break_closed',
    'break_not_disputable',
    'transaction_not_found',
    'not_disputable',
    'not_your_side',
    'dispute_too_late',
    'dispute_decided',
    'dispute_too_small',
    'dispute_exceeds_rest',
    'already_reversed',
    'idempotency_key_reused',
  ],
  serve:
    (parts) =>
    async ({ operator, params, body }) => {
      const { ledger, disputes } = parts;
      const { operatorId } = operator;
      const opened = await openDisputeOf(parts, { breakId: params.break_id, operatorId, ...body });
      return opened.ok ? ok(describeForOperator(opened.value, ledger, disputes)) : opened;
    },
});
