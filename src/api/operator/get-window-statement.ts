// GET /operator/windows/{window_id}/statement and /transactions: what a window means for one
// platform, as that platform sees it.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { identityProblems } from '../../identity/identity.ts';
import { refuse, type Result } from '../../kernel/problem.ts';
import type { Statement } from '../../clearing/settlement/settlement.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText } from '../schemas.ts';
import {
  sendStatement,
  sendTransactions,
  statementQuery,
  statementResponses,
  transactionsQuery,
  transactionsResponses,
} from '../settlements/send-statement.ts';
import { WindowParams } from '../../views/window.ts';

const StatementQuery = closed({ platform_id: PlatformIdText, ...statementQuery });
const TransactionsQuery = closed({ platform_id: PlatformIdText, ...transactionsQuery });
type Params = Static<typeof WindowParams>;

export function getWindowStatement(
  server: FastifyInstance,
  { settlement, identity, clock }: ApiParts,
): void {
  const statementOf = async (windowId: number, asked: string): Promise<Result<Statement>> => {
    const platform = identity.findPlatform(asked);
    return platform === undefined
      ? refuse(identityProblems.platform_not_found())
      : settlement.statement(windowId, platform.platformId);
  };

  server.get<{ Params: Params; Querystring: Static<typeof StatementQuery> }>(
    '/operator/windows/:window_id/statement',
    {
      schema: {
        operationId: 'getWindowStatement',
        tags: ['operator'],
        summary: 'Statement of a platform',
        description: 'As the platform itself gets it.',
        params: WindowParams,
        querystring: StatementQuery,
        response: statementResponses,
      },
    },
    async (request, reply) => {
      const made = await statementOf(request.params.window_id, request.query.platform_id);
      return made.ok
        ? sendStatement(request, reply, made.value, request.query, clock.now())
        : answerProblem(request, reply, made.problem);
    },
  );

  server.get<{ Params: Params; Querystring: Static<typeof TransactionsQuery> }>(
    '/operator/windows/:window_id/transactions',
    {
      schema: {
        operationId: 'listWindowTransactions',
        tags: ['operator'],
        summary: 'Transactions of a window that concern a platform',
        description: 'As the platform itself gets them.',
        params: WindowParams,
        querystring: TransactionsQuery,
        response: transactionsResponses,
      },
    },
    async (request, reply) => {
      const made = await statementOf(request.params.window_id, request.query.platform_id);
      return made.ok
        ? sendTransactions(reply, settlement, made.value, request.query)
        : answerProblem(request, reply, made.problem);
    },
  );
}
