// PUT /operator/connections/{platform_id}: says where a connected platform answers, and with which
// token.

import { Type } from 'typebox';
import { askedResponse, askForAct } from '../ask-for-act.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

const Params = closed({ platform_id: PlatformIdText });
const Body = closed({
  url: text(
    2_048,
    'Base URL of the platform, http or https, without query; the connector API lies under it ' +
      'at /api/internal/.',
  ),
  token: text(
    4_096,
    'Bearer token that the platform issued to the network. Kept sealed, and never given.',
  ),
  reason: Type.Optional(text(200, 'Why; kept with the request.')),
});
export const setConnection = defineRoute({
  operationId: 'setConnection',
  method: 'PUT',
  url: '/operator/connections/:platform_id',
  tag: 'operator',
  summary: 'Say where a connected platform answers',
  description:
    'Replaces what was registered, also for transfers that are under way: their next ' +
    'call goes to the new address. Once approved it is in force where it was approved, ' +
    'and in other processes within about a second.',
  params: Params,
  body: Body,
  responses: askedResponse,
  problems: ['platform_not_found', 'hosted_platform', 'invalid_connection'],
  serve: (parts) => (call) => {
    const { url, token, reason = '' } = call.body;
    return askForAct(call, parts, {
      act: 'connection_set',
      arguments: { platform_id: call.params.platform_id, url, token },
      reason,
    });
  },
});
