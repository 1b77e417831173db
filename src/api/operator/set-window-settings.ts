// PUT /operator/windows/settings: sets the schedule that closes windows, and the pairs that are
// settled gross.

import { Type } from 'typebox';
import { readSchedule } from '../../clearing/settlement/settlement.ts';
import { identityProblems, type Identity } from '../../identity/identity.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
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
          'Pairs of platforms whose obligations are listed and paid pair by pair; unchanged ' +
          'when absent.',
      }),
    ),
  },
  '`daily_at` or `every_minutes`; without both, operators close windows.',
);

export const setWindowSettings = defineRoute({
  operationId: 'setWindowSettings',
  method: 'PUT',
  url: '/operator/windows/settings',
  tag: 'operator',
  summary: 'Set the schedule of windows, and pairs that are settled gross',
  description:
    'A scheduled window in which nothing was posted stays open. Gross pairs apply to ' +
    'settlements that are proposed from then on. The events of operators report the change.',
  body: Body,
  answer: WindowSettingsView,
  problems: ['invalid_schedule', 'platform_not_found'],
  serve:
    ({ settlement, identity }) =>
    async ({ operator: { operatorId }, body }) => {
      const { daily_at: dailyAt, every_minutes: everyMinutes, gross_pairs: pairs } = body;
      const schedule = readSchedule({ dailyAt, everyMinutes });
      if (!schedule.ok) return schedule;
      const grossPairs = pairs === undefined ? undefined : readPairs(pairs, identity);
      if (grossPairs?.ok === false) return grossPairs;
      await settlement.setSchedule(schedule.value, operatorId);
      if (grossPairs !== undefined) await settlement.setGrossPairs(grossPairs.value, operatorId);
      return ok(describeSettings(await settlement.settings()));
    },
});

/** Finds the platforms of each pair; the schema has checked that a pair has two of them. */
function readPairs(
  pairs: readonly (readonly string[])[],
  identity: Identity,
): Result<(readonly [PlatformId, PlatformId])[]> {
  const found: (readonly [PlatformId, PlatformId])[] = [];
  for (const [one = '', other = ''] of pairs) {
    const first = identity.findPlatform(one);
    const second = identity.findPlatform(other);
    if (first === undefined || second === undefined)
      return refuse(identityProblems.platform_not_found());
    found.push([first.platformId, second.platformId]);
  }
  return ok(found);
}
