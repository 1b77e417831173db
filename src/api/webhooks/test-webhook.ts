// POST …/webhooks/{webhook_id}/test, on both sides: an event that means nothing is sent
// there, so that the receiver can be tried.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { Success } from '../schemas.ts';
import type { Side, SidePrefix } from './side.ts';

export const testWebhookOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  ownerOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `test${adjective}Webhook`,
    method: 'POST',
    url: `${prefix}/webhooks/:webhook_id/test`,
    tag,
    summary: 'Send a test event',
    description:
      'An event of type webhook.test goes to this webhook alone, whatever types it wants; ' +
      'what became of it is among its deliveries within a second or so.',
    params: WebhookParams,
    answer: Type.Object({ success: Success }),
    problems: ['webhook_not_found', 'webhook_disabled'],
    signature: 'once',
    serve:
      ({ webhooks }) =>
      async ({ params, request }) => {
        const tested = await webhooks.test({ owner: ownerOf(request) }, params.webhook_id);
        return tested.ok ? ok({ success: true as const }) : tested;
      },
  });
