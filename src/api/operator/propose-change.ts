// POST /operator/proposals: proposes a change of the rulebook, for another operator to decide.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { untilLeft } from '../../http/until-left.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, DateTime, problemResponses } from '../schemas.ts';
import {
  changeFields,
  changeOf,
  describeProposal,
  momentOf,
  ProposalWithChanges,
  Reason,
} from '../../views/rulebook.ts';

const Body = closed(
  {
    reason: Reason,
    ...changeFields,
    effective_at: Type.Optional(DateTime),
    urgent: Type.Optional(
      Type.Boolean({ description: 'Takes effect without notice; told in the history.' }),
    ),
  },
  'Exactly one of document and patch.',
);

export function postProposal(server: FastifyInstance, { valuation }: ApiParts): void {
  server.post<{ Body: Static<typeof Body> }>(
    '/operator/proposals',
    {
      schema: {
        operationId: 'proposeChange',
        tags: ['operator'],
        summary: 'Propose a change of the rulebook',
        description:
          'Kept as the items that differ from the version approved last. Takes effect once ' +
          'another operator has approved it and its notice is over, or at effective_at when ' +
          'that is later.',
        body: Body,
        response: { 200: ProposalWithChanges, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { reason, effective_at: effectiveAt, urgent } = request.body;
      const change = changeOf(request.body);
      if (!change.ok) return answerProblem(request, reply, change.problem);
      const effectiveAtMs = momentOf(effectiveAt, 'effective_at');
      if (!effectiveAtMs.ok) return answerProblem(request, reply, effectiveAtMs.problem);
      const proposal = {
        operatorId: operatorOf(request).operatorId,
        reason,
        change: change.value,
        effectiveAtMs: effectiveAtMs.value,
        urgent,
      };
      const made = await untilLeft(reply, (signal) => valuation.proposals.make(proposal, signal));
      if (!made.ok) return answerProblem(request, reply, made.problem);
      const { changes, lines } = made.value;
      return {
        ...describeProposal(made.value),
        changes: [...changes],
        lines: JSON.parse(lines) as string[],
      };
    },
  );
}
