// GET /api/disputes/{dispute_id}: one dispute with its history and its evidence.

import { ok } from '../../kernel/problem.ts';
import { describeDispute, DisputeWithTrail } from '../../views/dispute.ts';
import { DisputeParams } from '../disputes/dispute-request.ts';
import { defineRoute } from '../define-route.ts';
import { readTrail } from '../disputes/trail.ts';

export const getDispute = defineRoute({
  operationId: 'getDispute',
  method: 'GET',
  url: '/api/disputes/:dispute_id',
  tag: 'disputes',
  summary: 'One dispute',
  description: 'A platform sees only disputes in which it takes part.',
  params: DisputeParams,
  answer: DisputeWithTrail,
  problems: ['dispute_not_found'],
  serve:
    (parts) =>
    async ({ caller: { platform }, params }) => {
      const found = await parts.disputes.find(params.dispute_id, platform.platformId);
      if (!found.ok) return found;
      return ok({
        ...describeDispute(found.value, parts.ledger, parts.disputes),
        ...(await readTrail(parts, found.value, 'platform')),
      });
    },
});
