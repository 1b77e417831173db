// GET /api/reports/liability: the points that the calling platform owes its users.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { ok } from '../../kernel/problem.ts';
import { reportLiability } from '../../monitor/monitor.ts';
import { describeLiability, LiabilityHead, LiabilityRow } from '../../views/liability.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Answer = Type.Object({ ...LiabilityHead, ...LiabilityRow });

export const getLiability = defineRoute({
  operationId: 'getLiability',
  method: 'GET',
  url: '/api/reports/liability',
  tag: 'reports',
  summary: 'Your points: issued, used, outstanding',
  description:
    'Reads every transaction once. Call it when you need the report, not for each page view.',
  query: closed({}),
  answer: Answer,
  problems: [],
  serve:
    (parts) =>
    async ({ caller: { platform } }) => {
      const { platformId } = platform;
      const {
        platforms: [own],
        ...head
      } = describeLiability(await reportLiability(parts, platformId));
      assert(own !== undefined, `platform ${platformId} has points`);
      return ok({ ...head, ...own });
    },
});
