// GET /api/disputes/{dispute_id}/evidence/{evidence}: one piece of evidence as it was given.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { EvidenceParams } from '../../views/dispute.ts';
import { evidenceResponse, sendEvidence } from '../disputes/evidence-file.ts';

export function getEvidence(server: FastifyInstance, { disputes }: ApiParts): void {
  server.get<{ Params: Static<typeof EvidenceParams> }>(
    '/api/disputes/:dispute_id/evidence/:evidence',
    {
      schema: {
        operationId: 'getEvidence',
        tags: ['disputes'],
        summary: 'One piece of evidence',
        description: 'As it was given, as an attachment.',
        params: EvidenceParams,
        response: { 200: evidenceResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await disputes.find(
        request.params.dispute_id,
        callerOf(request).platform.platformId,
      );
      const content = found.ok
        ? await disputes.getContent(found.value, request.params.evidence)
        : found;
      return content.ok
        ? sendEvidence(reply, content.value)
        : answerProblem(request, reply, content.problem);
    },
  );
}
