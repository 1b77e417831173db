// GET /operator/windows/settings: when windows are closed by themselves, and which pairs are settled
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
  summary: 'When windows are closed, and what is settled gross',
  query: closed({}),
  answer: WindowSettingsView,
  problems: [],
  serve:
    ({ settlement }) =>
    async () =>
      ok(describeSettings(await settlement.settings())),
});
