// POST /api/disputes/{dispute_id}/withdraw: the claimant drops the claim, and the frozen points are
// available again.

import { ok } from '../../kernel/problem.ts';
import { describeDispute, DisputeView } from '../../views/dispute.ts';
import { DisputeParams, Words } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Body = closed({ description: Words });

export const withdrawDispute = defineRoute({
  operationId: 'withdrawDispute',
  method: 'POST',
  url: '/api/disputes/:dispute_id/withdraw',
  tag: 'disputes',
  summary: 'Withdraw a dispute',
  description: 'For the claimant, at any time before a decision.',
  params: DisputeParams,
  body: Body,
  answer: DisputeView,
  problems: ['dispute_not_found', 'not_your_side', 'wrong_dispute_state'],
  serve:
    ({ disputes, ledger }) =>
    async ({ caller, params, body }) => {
      const moved = await disputes.withdraw(
        params.dispute_id,
        caller.platform.platformId,
        body.description,
      );
      return moved.ok ? ok(describeDispute(moved.value, ledger, disputes)) : moved;
    },
});
