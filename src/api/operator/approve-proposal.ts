// POST /operator/proposals/{proposal_id}/approve: makes a proposal of another operator the next
// version, and puts it in force when it is due.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { untilLeft } from '../../http/until-left.ts';
import { operatorOf } from '../http/request-fields.ts';
import { activateDue } from '../../network/network.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import {
  ApprovedProposalView,
  DecisionBody,
  describeProposal,
  ProposalParams,
} from '../../views/rulebook.ts';

export function postProposalApprove(server: FastifyInstance, parts: ApiParts): void {
  const { valuation, log } = parts;
  server.post<{ Params: Static<typeof ProposalParams>; Body: Static<typeof DecisionBody> }>(
    '/operator/proposals/:proposal_id/approve',
    {
      schema: {
        operationId: 'approveProposal',
        tags: ['operator'],
        summary: 'Approve a proposal',
        description:
          'By another operator than the one who made it. Its changes become the next version ' +
          'of the rulebook; one that is due is in force in every running process when this ' +
          'answers with `in_force` true; with false it takes effect at effective_at, and at ' +
          'most about a second after it.',
        params: ProposalParams,
        body: DecisionBody,
        response: { 200: ApprovedProposalView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { proposal_id: proposalId } = request.params;
      const decision = {
        proposalId,
        operatorId: operatorOf(request).operatorId,
        reason: request.body.reason,
      };
      const decided = await untilLeft(reply, (signal) =>
        valuation.proposals.approve(decision, signal),
      );
      if (!decided.ok) return answerProblem(request, reply, decided.problem);
      // It is approved, whatever happens now; the loop of every process tries again.
      await activateDue(parts).catch((error: unknown) =>
        log.error(
          { err: error, version: decided.value.version },
          'a version that is due is not in force yet',
        ),
      );
      const { version } = decided.value;
      const inForce = version === null ? Promise.resolve(false) : valuation.isInForce(version);
      return { ...describeProposal(decided.value), in_force: await inForce.catch(() => false) };
    },
  );
}
