// GET /api/points/history: a user's transactions on the calling platform, newest first, by page or
// by cursor.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { apiProblems } from '../../http/problems.ts';
import { closed, problemResponses, UserId } from '../schemas.ts';
import { TransactionView } from '../../views/transaction.ts';
import { showTransaction } from '../transactions/show-transactions.ts';

const DEFAULT_PER_PAGE = 20;

const Query = closed({
  user_id: UserId,
  page: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'From 1. Pages shift when transactions are added; use cursor to read on.',
    }),
  ),
  per_page: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, description: '20 when absent.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,18}$',
      description: 'next_cursor of an earlier answer; costs the same however far it is.',
    }),
  ),
});

const Answer = Type.Object({
  user_id: Type.String(),
  page: Type.Union([Type.Integer(), Type.Null()], { description: 'Null when read by cursor.' }),
  per_page: Type.Integer(),
  transactions: Type.Array(TransactionView),
  next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'Null at the end.' }),
});

export function getHistory(server: FastifyInstance, parts: ApiParts): void {
  const { identity, ledger } = parts;
  server.get<{ Querystring: Static<typeof Query> }>(
    '/api/points/history',
    {
      schema: {
        operationId: 'getHistory',
        tags: ['points'],
        summary: 'Transactions of a user',
        description:
          'A transfer over a platform that keeps its points itself is one transaction of kind ' +
          'authorise, whose status tells how it stands: while it is pending and when it has ' +
          'failed, its change is 0. Once it is completed it stands where its points were ' +
          'moved.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform, points } = callerOf(request);
      const { user_id: userId, cursor, per_page: limit = DEFAULT_PER_PAGE } = request.query;
      if (cursor !== undefined && request.query.page !== undefined) {
        return answerProblem(
          request,
          reply,
          apiProblems.invalid_field('page and cursor exclude each other.', { field: 'cursor' }),
        );
      }
      const page = cursor === undefined ? (request.query.page ?? 1) : undefined;
      const member = await resolveUser(identity, platform.platformId, userId, 'user_id');
      if (!member.ok) return answerProblem(request, reply, member.problem);
      const found = await ledger.listHistory(member.value, platform.platformId, {
        limit,
        page,
        cursor,
      });
      return {
        user_id: userId,
        page: page ?? null,
        per_page: limit,
        transactions: await Promise.all(
          found.transactions.map((leg) => showTransaction(leg, { platform, points }, parts)),
        ),
        next_cursor: found.nextCursor,
      };
    },
  );
}
