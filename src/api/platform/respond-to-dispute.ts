// POST /api/disputes/{dispute_id}/respond: the answer of the side whose turn it is.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeDispute, DisputeView } from '../../views/dispute.ts';
import { DisputeParams, Words } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Body = closed({
  answer: Type.Enum(['accept', 'contest', 'rebut'], {
    description:
      "`accept`: the claim is right. `contest`: it is not. `rebut`: the claimant's reply to a " +
      'contest; then an operator decides.',
  }),
  description: Words,
});

export const respondToDispute = defineRoute({
  operationId: 'respondToDispute',
  method: 'POST',
  url: '/api/disputes/:dispute_id/respond',
  tag: 'disputes',
  summary: 'Answer in a dispute',
  description:
    'Each side answers once, before its due date. If the respondent does not answer, the claim ' +
    'is upheld. If the claimant does not answer a contest, the claim is rejected. Add evidence ' +
    'before you answer.',
  params: DisputeParams,
  body: Body,
  answer: DisputeView,
  problems: ['dispute_not_found', 'not_your_side', 'wrong_dispute_state', 'answer_too_late'],
  serve:
    ({ disputes, ledger }) =>
    async ({ caller, params, body }) => {
      const { answer, description } = body;
      const moved = await disputes.respond(
        params.dispute_id,
        caller.platform.platformId,
        answer,
        description,
      );
      return moved.ok ? ok(describeDispute(moved.value, ledger, disputes)) : moved;
    },
});
