// GET /api/reports/liability: what the calling platform owes its users in points.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { ok } from '../../kernel/problem.ts';
import { reportLiability } from '../../monitor/monitor.ts';
import { describeLiability, LiabilityHead, LiabilityRow } from '../../views/liability.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../schemas.ts';

const Answer = Type.Object({ ...LiabilityHead, ...LiabilityRow });

export const getLiability = defineRoute({
  operationId: 'getLiability',
  method: 'GET',
  url: '/api/reports/liability',
  tag: 'reports',
  summary: 'What your points come to: issued, used, outstanding',
  description: 'Reads every transaction once; ask for it when you need it, not for each page view.',
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
