// GET /operator/disputes/{dispute_id}/evidence/{evidence}: the file of one piece of evidence.

import { EvidenceParams } from '../disputes/dispute-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { evidenceResponse, sendEvidence } from '../disputes/evidence-file.ts';

export const getAnyEvidence = defineRoute({
  operationId: 'getAnyEvidence',
  method: 'GET',
  url: '/operator/disputes/:dispute_id/evidence/:evidence',
  tag: 'operator',
  summary: 'One piece of evidence',
  description: 'The file as it was sent, as an attachment.',
  params: EvidenceParams,
  responses: { 200: evidenceResponse },
  problems: ['dispute_not_found', 'evidence_not_found'],
  serve:
    ({ disputes }) =>
    async ({ params, reply }) => {
      const found = await disputes.find(params.dispute_id);
      const content = found.ok ? await disputes.getContent(found.value, params.evidence) : found;
      return content.ok ? sent(sendEvidence(reply, content.value)) : content;
    },
});
