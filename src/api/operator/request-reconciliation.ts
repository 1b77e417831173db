// /operator/reconciliations: asks for comparisons with platforms' books, and shows what they came
// to.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { RUN_MODES } from '../../clearing/reconciliation/reconciliation.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses } from '../schemas.ts';
import { describeRun, RunView } from '../../views/reconciliation.ts';

const Body = closed({
  platform_id: Type.Optional(PlatformIdText),
  mode: Type.Optional(
    Type.Enum([...RUN_MODES], {
      description:
        'incremental (the default): what is new since the last run, and what is open. full: ' +
        'the whole statement from its beginning.',
    }),
  ),
});
const Query = closed({
  platform_id: Type.Optional(PlatformIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: '100 when absent.' }),
  ),
});
const Answer = Type.Object({ runs: Type.Array(RunView) });

export function reconciliations(
  server: FastifyInstance,
  { reconciliation, ledger }: ApiParts,
): void {
  server.post<{ Body: Static<typeof Body> }>(
    '/operator/reconciliations',
    {
      schema: {
        operationId: 'requestReconciliation',
        tags: ['operator'],
        summary: 'Ask for a reconciliation',
        description:
          'Of one platform, or of all without platform_id. It begins within seconds; see what ' +
          'it came to by GET.',
        body: Body,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform_id: platformId, mode = 'incremental' } = request.body;
      const runs = await reconciliation.request({
        platformId,
        mode,
        operatorId: operatorOf(request).operatorId,
      });
      if (!runs.ok) return answerProblem(request, reply, runs.problem);
      return { runs: runs.value.map((run) => describeRun(run, ledger)) };
    },
  );

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/reconciliations',
    {
      schema: {
        operationId: 'listReconciliations',
        tags: ['operator'],
        summary: 'Reconciliations and what they came to',
        description: 'Newest first.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async ({ query: { platform_id: platformId, limit = 100 } }) => {
      const runs = await reconciliation.listRuns(platformId as PlatformId | undefined, limit);
      return { runs: runs.map((run) => describeRun(run, ledger)) };
    },
  );
}
