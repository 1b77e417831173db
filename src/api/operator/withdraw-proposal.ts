// POST /operator/proposals/{proposal_id}/withdraw: withdraws an open proposal, or calls off a
// scheduled version.

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
    'The maker may withdraw an open proposal. Any operator may withdraw an approved one while ' +
    'its version is scheduled and is the latest.',
  params: ProposalParams,
  body: DecisionBody,
  answer: ProposalView,
  problems: ['proposal_not_found', 'proposal_decided', 'not_the_maker'],
  serve: endProposal('withdraw'),
});
