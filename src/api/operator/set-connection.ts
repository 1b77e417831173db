// PUT /operator/connections/{platform_id}: requests to set the address and the token of a connected
// platform.

import { Type } from 'typebox';
import { askedResponse, askForAct } from '../ask-for-act.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

const Params = closed({ platform_id: PlatformIdText });
const Body = closed({
  url: text(
    2_048,
    'Base URL of the platform, http or https, without query. The connector API is below it, at ' +
      '/api/internal/.',
  ),
  token: text(
    4_096,
    'Bearer token that the platform issued to the network. It is stored sealed and never ' +
      'shown.',
  ),
  reason: Type.Optional(text(200, 'The reason; kept with the request.')),
});
export const setConnection = defineRoute({
  operationId: 'setConnection',
  method: 'PUT',
  url: '/operator/connections/:platform_id',
  tag: 'operator',
  summary: 'Set the connection of a platform',
  description:
    'Replaces the former connection, also for transfers in progress: their next call goes to ' +
    'the new address. After the approval it is in force in the process that approved it, and ' +
    'in other processes within about a second.',
  params: Params,
  body: Body,
  responses: askedResponse,
  problems: ACT_PROBLEMS.connection_set,
  serve: (parts) => (call) => {
    const { url, token, reason = '' } = call.body;
    return askForAct(call, parts, {
      act: 'connection_set',
      arguments: { platform_id: call.params.platform_id, url, token },
      reason,
    });
  },
});
