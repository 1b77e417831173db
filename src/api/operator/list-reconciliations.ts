// GET /operator/reconciliations: the comparisons with platforms' books, and their results.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { isPlatformId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { describeRun, RunView } from '../../views/reconciliation.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const Query = closed({
  platform_id: Type.Optional(PlatformIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: '100 when absent.' }),
  ),
});
const Answer = Type.Object({ runs: Type.Array(RunView) });

export const listReconciliations = defineRoute({
  operationId: 'listReconciliations',
  method: 'GET',
  url: '/operator/reconciliations',
  tag: 'operator',
  summary: 'Reconciliations and their results',
  description: 'Newest first.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ reconciliation, ledger }) =>
    async ({ query: { platform_id: platformId, limit = 100 } }) => {
      assert(
        platformId === undefined || isPlatformId(platformId),
        'the schema has checked the form of the id',
      );
      const runs = await reconciliation.listRuns(platformId, limit);
      return ok({ runs: runs.map((run) => describeRun(run, ledger)) });
    },
});
