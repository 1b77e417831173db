// GET and PUT /operator/windows/settings: when windows are closed by themselves, and which pairs
// are settled gross.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { readSchedule } from '../../clearing/settlement/settlement.ts';
import { describeSettings, WindowSettingsView } from '../../views/window.ts';
import { identityProblems } from '../../identity/identity.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses, text } from '../schemas.ts';

const Body = closed(
  {
    daily_at: Type.Optional(
      Type.Union([text(5, 'HH:MM in the time zone of the network.'), Type.Null()]),
    ),
    every_minutes: Type.Optional(
      Type.Union([Type.Integer({ description: '1 to 44640.' }), Type.Null()]),
    ),
    gross_pairs: Type.Optional(
      Type.Array(Type.Array(PlatformIdText, { minItems: 2, maxItems: 2, uniqueItems: true }), {
        maxItems: 1_000,
        description:
          'Pairs of platforms whose obligations are listed and paid pair by pair; as set ' +
          'before when absent.',
      }),
    ),
  },
  'daily_at or every_minutes, or neither to close windows by hand.',
);
export function windowSettings(server: FastifyInstance, { settlement, identity }: ApiParts): void {
  server.get(
    '/operator/windows/settings',
    {
      schema: {
        operationId: 'getWindowSettings',
        tags: ['operator'],
        summary: 'When windows are closed, and what is settled gross',
        querystring: closed({}),
        response: { 200: WindowSettingsView, ...problemResponses },
      },
    },
    async () => describeSettings(await settlement.settings()),
  );

  server.put<{ Body: Static<typeof Body> }>(
    '/operator/windows/settings',
    {
      schema: {
        operationId: 'setWindowSettings',
        tags: ['operator'],
        summary: 'Set when windows are closed, and what is settled gross',
        description:
          'A scheduled window in which nothing was posted stays open. Pairs hold for whatever ' +
          'is proposed from then on. Told in the events of operators.',
        body: Body,
        response: { 200: WindowSettingsView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { daily_at: dailyAt, every_minutes: everyMinutes, gross_pairs: pairs } = request.body;
      const schedule = readSchedule({ dailyAt, everyMinutes });
      if (!schedule.ok) return answerProblem(request, reply, schedule.problem);
      if (
        pairs?.flat().some((platformId) => identity.findPlatform(platformId) === undefined) === true
      )
        return answerProblem(request, reply, identityProblems.platform_not_found());
      const { operatorId } = operatorOf(request);
      await settlement.setSchedule(schedule.value, operatorId);
      if (pairs !== undefined)
        await settlement.setGrossPairs(
          pairs as unknown as readonly (readonly [PlatformId, PlatformId])[],
          operatorId,
        );
      return describeSettings(await settlement.settings());
    },
  );
}
