// POST /api/disputes/{dispute_id}/evidence: adds evidence of one side, as text or a small file.

import { ok } from '../../kernel/problem.ts';
import { describeEvidence, EvidenceView } from '../../views/dispute.ts';
import { DisputeParams } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { EvidenceBody, readEvidence } from '../disputes/evidence-file.ts';

export const addEvidence = defineRoute({
  operationId: 'addEvidence',
  method: 'POST',
  url: '/api/disputes/:dispute_id/evidence',
  tag: 'disputes',
  summary: 'Add evidence',
  description:
    'For both sides, until the decision: at most 10 pieces, 256 KiB in all. Sending the same ' +
    'piece again adds nothing. Both sides and the operators can read it.',
  params: DisputeParams,
  body: EvidenceBody,
  answer: EvidenceView,
  problems: [
    'dispute_not_found',
    'not_your_side',
    'wrong_dispute_state',
    'evidence_not_base64',
    'too_much_evidence',
  ],
  serve:
    ({ disputes }) =>
    async ({ caller, params, body }) => {
      const file = readEvidence(body);
      if (!file.ok) return file;
      const added = await disputes.addEvidence(
        params.dispute_id,
        { actor: 'platform', id: caller.platform.platformId },
        file.value,
      );
      return added.ok ? ok(describeEvidence(added.value)) : added;
    },
});
