// POST /operator/disputes/{dispute_id}/decide: decides a dispute after both sides have answered.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeForOperator, OperatorDisputeView, SideText } from '../../views/dispute.ts';
import { DisputeParams, Words } from '../disputes/dispute-request.ts';
import { AMOUNT_PROBLEMS, readOptionalAmount } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { sourcePointsOf } from '../disputes/source-points.ts';
import { Amount } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Decision = closed(
  {
    outcome: Type.Enum(['upheld', 'rejected']),
    reason: Words,
    resolution: Type.Optional(
      Type.Enum(['reversal', 'adjustment'], {
        description: 'For an upheld claim; `reversal` when absent.',
      }),
    ),
    amount: Type.Optional(Amount),
    borne_by: Type.Optional(SideText),
  },
  '`amount` is in points of the source platform; the disputed amount when absent. The platform ' +
    'in `borne_by` pays an adjustment; the target when absent.',
);

export const decideDispute = defineRoute({
  operationId: 'decideDispute',
  method: 'POST',
  url: '/operator/disputes/:dispute_id/decide',
  tag: 'operator',
  summary: 'Decide a dispute',
  description:
    'After both sides have answered. If an upheld claim cannot be carried out as decided, it ' +
    'may be decided again with another resolution.',
  params: DisputeParams,
  body: Decision,
  answer: OperatorDisputeView,
  problems: [
    ...AMOUNT_PROBLEMS,
    'dispute_not_found',
    'same_operator_opened',
    'same_operator_decided',
    'wrong_dispute_state',
    'dispute_exceeds_rest',
    'whole_reversal_only',
    'nothing_to_adjust',
    'already_reversed',
    'hold_resolved',
    'clawback_refused',
    'insufficient_balance',
    'insufficient_reserve',
  ],
  serve:
    ({ disputes, ledger }) =>
    async ({ operator, params, body }) => {
      const { outcome, reason, resolution: kind, borne_by: borneBy } = body;
      const found = await disputes.find(params.dispute_id);
      if (!found.ok) return found;
      const points = await sourcePointsOf(ledger, found.value.transactionId);
      const amount = points === undefined ? undefined : readOptionalAmount(body.amount, points);
      if (amount !== undefined && !amount.ok) return amount;
      const decided = await disputes.decide(params.dispute_id, {
        operatorId: operator.operatorId,
        outcome,
        reason,
        kind,
        amount: amount?.value,
        borneBy,
      });
      return decided.ok ? ok(describeForOperator(decided.value, ledger, disputes)) : decided;
    },
});
