// POST /operator/disputes/{dispute_id}/evidence: adds evidence of the network itself.

import { ok } from '../../kernel/problem.ts';
import { describeEvidence, EvidenceView } from '../../views/dispute.ts';
import { DisputeParams } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { EvidenceBody, readEvidence } from '../disputes/evidence-file.ts';

export const addEvidenceAsOperator = defineRoute({
  operationId: 'addEvidenceAsOperator',
  method: 'POST',
  url: '/operator/disputes/:dispute_id/evidence',
  tag: 'operator',
  summary: 'Add evidence',
  description: 'Evidence of the network itself; both sides can read it.',
  params: DisputeParams,
  body: EvidenceBody,
  answer: EvidenceView,
  problems: [
    'dispute_not_found',
    'wrong_dispute_state',
    'too_much_evidence',
    'evidence_not_base64',
  ],
  serve:
    ({ disputes }) =>
    async ({ operator, params, body }) => {
      const file = readEvidence(body);
      if (!file.ok) return file;
      const added = await disputes.addEvidence(
        params.dispute_id,
        { actor: 'operator', id: operator.operatorId },
        file.value,
      );
      return added.ok ? ok(describeEvidence(added.value)) : added;
    },
});
