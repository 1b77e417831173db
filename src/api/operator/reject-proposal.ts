// POST /operator/proposals/{proposal_id}/reject: rejects a proposal of another operator.

import { ProposalView } from '../../views/rulebook.ts';
import { DecisionBody, ProposalParams } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';
import { endProposal } from '../rulebook/decide-proposal.ts';

export const rejectProposal = defineRoute({
  operationId: 'rejectProposal',
  method: 'POST',
  url: '/operator/proposals/:proposal_id/reject',
  tag: 'operator',
  summary: 'Reject a proposal',
  description: 'By another operator than the maker; the maker withdraws it instead.',
  params: ProposalParams,
  body: DecisionBody,
  answer: ProposalView,
  problems: ['proposal_not_found', 'proposal_decided', 'same_operator'],
  serve: endProposal('reject'),
});
