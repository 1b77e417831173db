// GET /api/settlements/{window_id}, its /statement and its /transactions: what a window means for
// the calling platform.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { describeStatement } from '../../views/statement.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { WindowParams } from '../../views/window.ts';
import {
  sendStatement,
  sendTransactions,
  statementQuery,
  statementResponses,
  transactionsQuery,
  transactionsResponses,
} from '../settlements/send-statement.ts';
import { StatementView } from '../../views/statement.ts';

const StatementQuery = closed(statementQuery);
const TransactionsQuery = closed(transactionsQuery);
type Params = Static<typeof WindowParams>;

export function getSettlement(server: FastifyInstance, { settlement, clock }: ApiParts): void {
  server.get<{ Params: Params }>(
    '/api/settlements/:window_id',
    {
      schema: {
        operationId: 'getSettlement',
        tags: ['platform'],
        summary: 'One settlement window',
        description: 'Your own figures only; the same as its statement in JSON.',
        params: WindowParams,
        response: { 200: StatementView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const made = await settlement.statement(
        request.params.window_id,
        callerOf(request).platform.platformId,
      );
      return made.ok ? describeStatement(made.value) : answerProblem(request, reply, made.problem);
    },
  );

  server.get<{ Params: Params; Querystring: Static<typeof StatementQuery> }>(
    '/api/settlements/:window_id/statement',
    {
      schema: {
        operationId: 'getStatement',
        tags: ['platform'],
        summary: 'Statement of a settlement window',
        description:
          'As JSON, as a table, or as a page to be printed; all say the same. Complete once ' +
          'statement.ready was told.',
        params: WindowParams,
        querystring: StatementQuery,
        response: statementResponses,
      },
    },
    async (request, reply) => {
      const made = await settlement.statement(
        request.params.window_id,
        callerOf(request).platform.platformId,
      );
      return made.ok
        ? sendStatement(request, reply, made.value, request.query, clock.now())
        : answerProblem(request, reply, made.problem);
    },
  );

  server.get<{ Params: Params; Querystring: Static<typeof TransactionsQuery> }>(
    '/api/settlements/:window_id/transactions',
    {
      schema: {
        operationId: 'listSettlementTransactions',
        tags: ['platform'],
        summary: 'Transactions of a settlement window',
        description:
          'Every transaction that moved your position in this window; each is in exactly one ' +
          'window.',
        params: WindowParams,
        querystring: TransactionsQuery,
        response: transactionsResponses,
      },
    },
    async (request, reply) => {
      const made = await settlement.statement(
        request.params.window_id,
        callerOf(request).platform.platformId,
      );
      return made.ok
        ? sendTransactions(reply, settlement, made.value, request.query)
        : answerProblem(request, reply, made.problem);
    },
  );
}
