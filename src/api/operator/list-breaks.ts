// GET /operator/breaks: the differences that reconciliation has found.

import { Type } from 'typebox';
import { BREAK_CATEGORIES, BREAK_STATES } from '../../clearing/reconciliation/reconciliation.ts';
import { assert } from '../../kernel/assert.ts';
import { isPlatformId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { BreaksView, describeBreaks } from '../../views/reconciliation.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const Query = closed({
  platform_id: Type.Optional(PlatformIdText),
  category: Type.Optional(Type.Enum([...BREAK_CATEGORIES])),
  state: Type.Optional(Type.Enum([...BREAK_STATES], { description: 'open when absent.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: '100 when absent.' }),
  ),
});

export const listBreaks = defineRoute({
  operationId: 'listBreaks',
  method: 'GET',
  url: '/operator/breaks',
  tag: 'operator',
  summary: 'Differences between the network and platforms',
  description: 'Oldest first.',
  query: Query,
  answer: BreaksView,
  problems: [],
  serve:
    ({ reconciliation, ledger, clock }) =>
    async ({ query: { platform_id: platformId, category, state = 'open', limit = 100 } }) => {
      assert(
        platformId === undefined || isPlatformId(platformId),
        'the schema has checked the form of the id',
      );
      const [found, open] = await Promise.all([
        reconciliation.listBreaks({ platformId, category, state }, limit),
        reconciliation.countOpen(),
      ]);
      return ok(describeBreaks(found, open, ledger, clock.now()));
    },
});
