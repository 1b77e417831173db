// PUT /operator/windows/settings: sets when windows are closed by themselves, and which pairs are
// settled gross.

import { Type } from 'typebox';
import { readSchedule } from '../../clearing/settlement/settlement.ts';
import { identityProblems } from '../../identity/identity.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { describeSettings, WindowSettingsView } from '../../views/window.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

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

export const setWindowSettings = defineRoute({
  operationId: 'setWindowSettings',
  method: 'PUT',
  url: '/operator/windows/settings',
  tag: 'operator',
  summary: 'Set when windows are closed, and what is settled gross',
  description:
    'A scheduled window in which nothing was posted stays open. Pairs hold for whatever ' +
    'is proposed from then on. Told in the events of operators.',
  body: Body,
  answer: WindowSettingsView,
  problems: ['invalid_schedule', 'platform_not_found'],
  serve:
    ({ settlement, identity }) =>
    async ({ operator: { operatorId }, body }) => {
      const { daily_at: dailyAt, every_minutes: everyMinutes, gross_pairs: pairs } = body;
      const schedule = readSchedule({ dailyAt, everyMinutes });
      if (!schedule.ok) return schedule;
      if (
        pairs?.flat().some((platformId) => identity.findPlatform(platformId) === undefined) === true
      )
        return refuse(identityProblems.platform_not_found());
      await settlement.setSchedule(schedule.value, operatorId);
      if (pairs !== undefined)
        await settlement.setGrossPairs(
          pairs as unknown as readonly (readonly [PlatformId, PlatformId])[],
          operatorId,
        );
      return ok(describeSettings(await settlement.settings()));
    },
});
