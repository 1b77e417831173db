// GET /operator/proposals/{proposal_id}: one proposal with its changes and, while it is open, the
// problem that would prevent its approval.

import { ok } from '../../kernel/problem.ts';
import { describeProposalNow, ProposalNowView } from '../../views/rulebook.ts';
import { ProposalParams } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';

export const getProposal = defineRoute({
  operationId: 'getProposal',
  method: 'GET',
  url: '/operator/proposals/:proposal_id',
  tag: 'operator',
  summary: 'A proposed change of the rulebook',
  params: ProposalParams,
  answer: ProposalNowView,
  problems: ['proposal_not_found'],
  serve:
    ({ valuation: { proposals } }) =>
    async ({ params }) => {
      const found = await proposals.find(params.proposal_id);
      if (!found.ok) return found;
      const comesTo =
        found.value.state === 'open' ? await proposals.rulebookOf(found.value) : undefined;
      return ok(
        describeProposalNow(found.value, comesTo?.ok === false ? comesTo.problem : undefined),
      );
    },
});
