// DELETE /operator/connections/{platform_id}: requests to remove a connection; the platform is then
// no longer called.

import { Type } from 'typebox';
import { askedResponse, askForAct } from '../ask-for-act.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

const Params = closed({ platform_id: PlatformIdText });
const Query = closed({ reason: Type.Optional(text(200, 'The reason; kept with the request.')) });

export const removeConnection = defineRoute({
  operationId: 'removeConnection',
  method: 'DELETE',
  url: '/operator/connections/:platform_id',
  tag: 'operator',
  summary: 'Remove a connection',
  description:
    'The platform is no longer called. Transfers in progress wait until it has a connection ' +
    'again.',
  params: Params,
  query: Query,
  responses: askedResponse,
  problems: ACT_PROBLEMS.connection_remove,
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'connection_remove',
      arguments: { platform_id: call.params.platform_id },
      reason: call.query.reason ?? '',
    }),
});
