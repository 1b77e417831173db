// POST /operator/proposals/{proposal_id}/approve: makes another operator's proposal the next
// version, and puts it in force when it is due.

import { untilLeft } from '../../http/until-left.ts';
import { ok } from '../../kernel/problem.ts';
import { activateDue } from '../../network/network.ts';
import { ApprovedProposalView, describeApprovedProposal } from '../../views/rulebook.ts';
import { DecisionBody, ProposalParams } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';

export const approveProposal = defineRoute({
  operationId: 'approveProposal',
  method: 'POST',
  url: '/operator/proposals/:proposal_id/approve',
  tag: 'operator',
  summary: 'Approve a proposal',
  description:
    'By another operator than the maker. The changes become the next version of the rulebook. ' +
    'If the version is due, it is in force in every running process when this answers with ' +
    '`in_force` true. If `in_force` is false, it takes effect at `effective_at` and at most ' +
    'about a second later.',
  params: ProposalParams,
  body: DecisionBody,
  answer: ApprovedProposalView,
  problems: [
    'proposal_not_found',
    'proposal_decided',
    'same_operator',
    'version_scheduled',
    'effective_too_early',
    'nothing_changes',
    'invalid_rulebook',
    'arbitrage',
    'rulebook_too_costly',
    'checks_busy',
    'platforms_not_registered',
    'proposal_conflict',
  ],
  serve:
    (parts) =>
    async ({ operator, params, body, reply }) => {
      const { valuation, log } = parts;
      const decision = {
        proposalId: params.proposal_id,
        operatorId: operator.operatorId,
        reason: body.reason,
      };
      const decided = await untilLeft(reply, (signal) =>
        valuation.proposals.approve(decision, signal),
      );
      if (!decided.ok) return decided;
      // The approval stands even if this fails; the loop of every process tries again.
      await activateDue(parts).catch((error: unknown) =>
        log.error(
          { err: error, version: decided.value.version },
          'a version that is due is not in force yet',
        ),
      );
      const { version } = decided.value;
      const inForce = version === null ? Promise.resolve(false) : valuation.isInForce(version);
      return ok(describeApprovedProposal(decided.value, await inForce.catch(() => false)));
    },
});
