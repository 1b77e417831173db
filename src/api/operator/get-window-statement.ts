// GET /operator/windows/{window_id}/statement: the statement of a window as one platform gets it.

import { WindowParams } from '../windows/window-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';
import {
  sendStatement,
  statementQuery,
  statementResponses,
} from '../settlements/send-statement.ts';
import { statementOf } from '../windows/statement-of.ts';

const StatementQuery = closed({ platform_id: PlatformIdText, ...statementQuery });

export const getWindowStatement = defineRoute({
  operationId: 'getWindowStatement',
  method: 'GET',
  url: '/operator/windows/:window_id/statement',
  tag: 'operator',
  summary: 'Statement of a platform',
  description: 'The same statement that the platform itself gets.',
  params: WindowParams,
  query: StatementQuery,
  responses: statementResponses,
  problems: ['platform_not_found', 'window_not_found', 'window_not_closed'],
  serve:
    (parts) =>
    async ({ params, query, request, reply }) => {
      const made = await statementOf(parts, params.window_id, query.platform_id);
      return made.ok
        ? sent(sendStatement(request, reply, made.value, query, parts.clock.now()))
        : made;
    },
});
