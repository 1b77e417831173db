// GET /api/points/history: a user's transactions on the calling platform, newest first, by page or
// by cursor.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { TransactionView } from '../../views/transaction.ts';
import { defineRoute } from '../define-route.ts';
import { resolveUser } from '../members.ts';
import { UserId } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';
import { showTransaction } from '../transactions/show-transactions.ts';

const DEFAULT_PER_PAGE = 20;

const Query = closed({
  user_id: UserId,
  page: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description:
        'Pages start at 1. Pages shift when transactions are added; to read all of them, use ' +
        '`cursor`.',
    }),
  ),
  per_page: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, description: '20 when absent.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,18}$',
      description:
        'next_cursor of an earlier answer. Every page costs the same, however far back it is.',
    }),
  ),
});

const Answer = Type.Object({
  user_id: Type.String(),
  page: Type.Union([Type.Integer(), Type.Null()], { description: 'Null when `cursor` is used.' }),
  per_page: Type.Integer(),
  transactions: Type.Array(TransactionView),
  next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'Null at the end.' }),
});

export const getHistory = defineRoute({
  operationId: 'getHistory',
  method: 'GET',
  url: '/api/points/history',
  tag: 'points',
  summary: 'Transactions of a user',
  description:
    'A transfer over a connected platform is one transaction of kind `authorise`; `status` is ' +
    'its status. Its `change` is 0 while it is pending and after it has failed. When it is ' +
    'completed, it is listed at the time when its points moved.',
  query: Query,
  answer: Answer,
  problems: ['missing_user_id', 'user_not_found'],
  serve:
    (parts) =>
    async ({ caller: { platform, points }, query }) => {
      const { user_id: userId, cursor, per_page: limit = DEFAULT_PER_PAGE } = query;
      if (cursor !== undefined && query.page !== undefined) {
        return refuse(
          apiProblems.invalid_field('page and cursor exclude each other.', { field: 'cursor' }),
        );
      }
      const page = cursor === undefined ? (query.page ?? 1) : undefined;
      const member = await resolveUser(parts.identity, platform.platformId, userId, 'user_id');
      if (!member.ok) return member;
      const found = await parts.ledger.listHistory(member.value, platform.platformId, {
        limit,
        page,
        cursor,
      });
      return ok({
        user_id: userId,
        page: page ?? null,
        per_page: limit,
        transactions: await Promise.all(
          found.transactions.map((leg) => showTransaction(leg, { platform, points }, parts)),
        ),
        next_cursor: found.nextCursor,
      });
    },
});
