// POST /operator/proposals/{proposal_id}/withdraw: takes back a proposal of one's own, or calls off
// a version that is scheduled.

import { ProposalView } from '../../views/rulebook.ts';
import { DecisionBody, ProposalParams } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';
import { endProposal } from '../rulebook/decide-proposal.ts';

export const withdrawProposal = defineRoute({
  operationId: 'withdrawProposal',
  method: 'POST',
  url: '/operator/proposals/:proposal_id/withdraw',
  tag: 'operator',
  summary: 'Withdraw a proposal',
  description:
    'An open one by the operator who made it; an approved one by any operator, while ' +
    'its version waits and no later one is built on it.',
  params: ProposalParams,
  body: DecisionBody,
  answer: ProposalView,
  problems: ['proposal_not_found', 'proposal_decided', 'not_the_maker'],
  serve: endProposal('withdraw'),
});
