// POST /api/disputes/{dispute_id}/evidence: what a side puts forward, text or a small file.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { describeEvidence, DisputeParams, EvidenceView } from '../../views/dispute.ts';
import { EvidenceBody, readEvidence } from '../disputes/evidence-file.ts';

export function postEvidence(server: FastifyInstance, { disputes }: ApiParts): void {
  server.post<{ Params: Static<typeof DisputeParams>; Body: Static<typeof EvidenceBody> }>(
    '/api/disputes/:dispute_id/evidence',
    {
      schema: {
        operationId: 'addEvidence',
        tags: ['disputes'],
        summary: 'Add evidence',
        description:
          'By either side until the decision: at most 10 pieces of 256 KiB in all. Sending ' +
          'the same again adds nothing. Both sides and the operators can read it.',
        params: DisputeParams,
        body: EvidenceBody,
        response: { 200: EvidenceView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const file = readEvidence(request.body);
      if (!file.ok) return answerProblem(request, reply, file.problem);
      const added = await disputes.addEvidence(
        request.params.dispute_id,
        { actor: 'platform', id: callerOf(request).platform.platformId },
        file.value,
      );
      return added.ok
        ? describeEvidence(added.value)
        : answerProblem(request, reply, added.problem);
    },
  );
}
