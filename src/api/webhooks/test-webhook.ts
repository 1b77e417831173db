// POST …/webhooks/{webhook_id}/test, on both sides: sends a test event without meaning, so that the
// receiver can be tested.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { Success } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

/** Makes the route for one side. */
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
      'An event of type webhook.test is sent to this webhook only, even if its types do not ' +
      'include it. After about a second its result is among the deliveries.',
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
