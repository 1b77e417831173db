// GET /operator/rulebook/diff: what differs between two versions of the rulebook.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { diffRulebooks } from '../../valuation/valuation.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { ChangesView, describeChanges, VersionNumber } from '../../views/rulebook.ts';

const Query = closed({ from: Type.Optional(VersionNumber), to: Type.Optional(VersionNumber) });
const Answer = Type.Object({ from: Type.Integer(), to: Type.Integer(), ...ChangesView });

export function getRulebookDiff(server: FastifyInstance, { valuation }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/rulebook/diff',
    {
      schema: {
        operationId: 'diffVersions',
        tags: ['operator'],
        summary: 'What differs between two versions',
        description:
          'From the version in force when `from` is absent, to the version approved last when ' +
          '`to` is: what is going to change.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { proposals } = valuation;
      await valuation.refresh();
      const from = await proposals.findVersion(request.query.from ?? valuation.rulebook().version);
      if (!from.ok) return answerProblem(request, reply, from.problem);
      const to = await proposals.findVersion(
        request.query.to ?? (await proposals.latest()).version,
      );
      if (!to.ok) return answerProblem(request, reply, to.problem);
      return {
        from: from.value.version,
        to: to.value.version,
        ...describeChanges(diffRulebooks(from.value.document, to.value.document)),
      };
    },
  );
}
