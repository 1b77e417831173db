// GET /operator/windows/settings: the schedule that closes windows, and the pairs that are settled
// gross.

import { ok } from '../../kernel/problem.ts';
import { describeSettings, WindowSettingsView } from '../../views/window.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

export const getWindowSettings = defineRoute({
  operationId: 'getWindowSettings',
  method: 'GET',
  url: '/operator/windows/settings',
  tag: 'operator',
  summary: 'Schedule of windows, and pairs that are settled gross',
  query: closed({}),
  answer: WindowSettingsView,
  problems: [],
  serve:
    ({ settlement }) =>
    async () =>
      ok(describeSettings(await settlement.settings())),
});
