// GET /operator/rulebook: a version of the rulebook with its document; the one in force when none
// is named.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import {
  describeVersionWithDocument,
  VersionNumber,
  VersionWithDocument,
} from '../../views/rulebook.ts';

const Query = closed({ version: Type.Optional(VersionNumber) });

export function getRulebook(server: FastifyInstance, { valuation }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/rulebook',
    {
      schema: {
        operationId: 'getRulebook',
        tags: ['operator'],
        summary: 'A version of the rulebook',
        description: 'The version in force when none is named.',
        querystring: Query,
        response: { 200: VersionWithDocument, ...problemResponses },
      },
    },
    async (request, reply) => {
      await valuation.refresh();
      const inForce = valuation.rulebook().version;
      const found = await valuation.proposals.findVersion(request.query.version ?? inForce);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      return describeVersionWithDocument(found.value, inForce);
    },
  );
}
