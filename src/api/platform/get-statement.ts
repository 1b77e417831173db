// GET /api/settlements/{window_id}/statement: the calling platform's statement of a window, as
// JSON, CSV or HTML.

import { WindowParams } from '../windows/window-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import {
  sendStatement,
  statementQuery,
  statementResponses,
} from '../settlements/send-statement.ts';

export const getStatement = defineRoute({
  operationId: 'getStatement',
  method: 'GET',
  url: '/api/settlements/:window_id/statement',
  tag: 'platform',
  summary: 'Statement of a settlement window',
  description:
    'As JSON, as a table (CSV), or as a page to print; all have the same content. It is ' +
    'complete after the event `statement.ready`.',
  params: WindowParams,
  query: closed(statementQuery),
  responses: statementResponses,
  problems: ['window_not_found', 'window_not_closed'],
  serve:
    ({ settlement, clock }) =>
    async ({ caller, params, query, request, reply }) => {
      const made = await settlement.statement(params.window_id, caller.platform.platformId);
      return made.ok ? sent(sendStatement(request, reply, made.value, query, clock.now())) : made;
    },
});
