// POST /api/disputes/{dispute_id}/appeal: the claimant asks another operator to decide again about
// the part that was decided against it.

import { ok } from '../../kernel/problem.ts';
import { describeDispute, DisputeView } from '../../views/dispute.ts';
import { DisputeParams, Words } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Body = closed({ description: Words });

export const appealDispute = defineRoute({
  operationId: 'appealDispute',
  method: 'POST',
  url: '/api/disputes/:dispute_id/appeal',
  tag: 'disputes',
  summary: 'Appeal against a decision',
  description:
    'For the claimant, once, until `appeal_until` of the dispute, about the part that was not ' +
    'upheld. Returns a dispute of its own (`appeal_of`). It waits for an operator who had no ' +
    'part in the first decision. The points that the receiver still has are frozen again, ' +
    'until the due date of the appeal. The same description returns the same appeal again.',
  params: DisputeParams,
  body: Body,
  answer: DisputeView,
  problems: [
    'dispute_not_found',
    'not_your_side',
    'not_appealable',
    'appeal_too_late',
    'already_reversed',
  ],
  serve:
    ({ disputes, ledger }) =>
    async ({ caller, params, body, reply }) => {
      const made = await disputes.appeal(
        params.dispute_id,
        caller.platform.platformId,
        body.description,
      );
      if (!made.ok) return made;
      if (made.value.replayed) reply.header('idempotency-replayed', 'true');
      return ok(describeDispute(made.value.dispute, ledger, disputes));
    },
});
