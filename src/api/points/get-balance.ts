// GET /api/points/balance: a user's points on the calling platform.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { addDays, NEVER } from '../../kernel/time.ts';
import { toPoints } from '../amounts.ts';
import { answerProblem } from '../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { closed, Day, Points, problemResponses, UnixSeconds, UserId } from '../schemas.ts';

const SOON_DAYS = 30;

const Query = closed({ user_id: UserId });

const Answer = Type.Object({
  user_id: Type.String(),
  platform_id: Type.String(),
  balance: Type.Number({ description: 'All points, held ones included, what the user owes deducted.' }),
  available: Type.Number({ description: 'What may be spent now.' }),
  held: Type.Number({ description: 'Set aside by holds.' }),
  expiring: Type.Array(Type.Object({ expires_on: Day, amount: Points }), { description: 'Points with an end, earliest first.' }),
  expiring_soon: Type.Object({ within_days: Type.Integer(), amount: Points }, { description: 'What of it ends within so many days from today.' }),
  timestamp: UnixSeconds,
});

export function getBalance(server: FastifyInstance, { identity, ledger, valuation, clock }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>('/api/points/balance', {
    schema: {
      operationId: 'getBalance', tags: ['points'], summary: 'Balance of a user',
      querystring: Query, response: { 200: Answer, ...problemResponses },
    },
  }, async (request, reply) => {
    const { platform, points } = callerOf(request);
    const member = await resolveUser(identity, platform.platformId, request.query.user_id, 'user_id');
    if (!member.ok) return answerProblem(request, reply, member.problem);
    const { balance, available, held, expiring } = await ledger.getBalance(member.value, platform.platformId);
    const lastDay = addDays(valuation.rulebook().calendar.dayOf(clock.now()), SOON_DAYS);
    const soon = expiring.reduce((sum, { expiresOn, amount }) => (expiresOn <= lastDay ? sum + amount : sum), 0n);
    return {
      user_id: request.query.user_id,
      platform_id: platform.platformId,
      balance: toPoints(balance, points),
      available: toPoints(available, points),
      held: toPoints(held, points),
      expiring: expiring.filter(({ expiresOn }) => expiresOn !== NEVER).map(({ expiresOn, amount }) => ({ expires_on: expiresOn, amount: toPoints(amount, points) })),
      expiring_soon: { within_days: SOON_DAYS, amount: toPoints(soon, points) },
      timestamp: Math.floor(clock.now() / 1000),
    };
  });
}
