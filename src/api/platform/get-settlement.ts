// GET /api/settlements/{window_id}: the calling platform's figures of a window.

import { ok } from '../../kernel/problem.ts';
import { describeStatement, StatementView } from '../../views/statement.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';

export const getSettlement = defineRoute({
  operationId: 'getSettlement',
  method: 'GET',
  url: '/api/settlements/:window_id',
  tag: 'platform',
  summary: 'One settlement window',
  description: 'Only your own figures; the same as the statement in JSON.',
  params: WindowParams,
  answer: StatementView,
  problems: ['window_not_found', 'window_not_closed'],
  serve:
    ({ settlement }) =>
    async ({ caller, params }) => {
      const made = await settlement.statement(params.window_id, caller.platform.platformId);
      return made.ok ? ok(describeStatement(made.value)) : made;
    },
});
