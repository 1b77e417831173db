// GET /api/disputes/{dispute_id}/evidence/{evidence}: the file of one piece of evidence.

import { EvidenceParams } from '../disputes/dispute-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { evidenceResponse, sendEvidence } from '../disputes/evidence-file.ts';

export const getEvidence = defineRoute({
  operationId: 'getEvidence',
  method: 'GET',
  url: '/api/disputes/:dispute_id/evidence/:evidence',
  tag: 'disputes',
  summary: 'One piece of evidence',
  description: 'The file as it was sent, as an attachment.',
  params: EvidenceParams,
  responses: { 200: evidenceResponse },
  problems: ['dispute_not_found', 'evidence_not_found'],
  serve:
    ({ disputes }) =>
    async ({ caller, params, reply }) => {
      const found = await disputes.find(params.dispute_id, caller.platform.platformId);
      const content = found.ok ? await disputes.getContent(found.value, params.evidence) : found;
      return content.ok ? sent(sendEvidence(reply, content.value)) : content;
    },
});
