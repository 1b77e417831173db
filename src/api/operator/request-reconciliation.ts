// POST /operator/reconciliations: requests comparisons with platforms' books.

import { Type } from 'typebox';
import { RUN_MODES } from '../../clearing/reconciliation/reconciliation.ts';
import { ok } from '../../kernel/problem.ts';
import { describeRun, RunView } from '../../views/reconciliation.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const Body = closed({
  platform_id: Type.Optional(PlatformIdText),
  mode: Type.Optional(
    Type.Enum([...RUN_MODES], {
      description:
        '`incremental` (default): everything new since the last run, and the open differences. ' +
        '`full`: the whole statement from its beginning.',
    }),
  ),
});
const Answer = Type.Object({ runs: Type.Array(RunView) });

export const requestReconciliation = defineRoute({
  operationId: 'requestReconciliation',
  method: 'POST',
  url: '/operator/reconciliations',
  tag: 'operator',
  summary: 'Ask for a reconciliation',
  description:
    'For one platform, or for all without `platform_id`. It begins within seconds; GET shows ' +
    'its result.',
  body: Body,
  answer: Answer,
  problems: ['platform_not_found'],
  serve:
    ({ reconciliation, ledger }) =>
    async ({ operator, body }) => {
      const { platform_id: platformId, mode = 'incremental' } = body;
      const { operatorId } = operator;
      const runs = await reconciliation.request({ platformId, mode, operatorId });
      return runs.ok ? ok({ runs: runs.value.map((run) => describeRun(run, ledger)) }) : runs;
    },
});
