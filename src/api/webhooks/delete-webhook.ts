// DELETE …/webhooks/{webhook_id}, on both sides: removes a webhook and its deliveries.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { Success } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

/** Makes the route for one side. */
export const deleteWebhookOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  ownerOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `delete${adjective}Webhook`,
    method: 'DELETE',
    url: `${prefix}/webhooks/:webhook_id`,
    tag,
    summary: 'Delete a webhook',
    description:
      'Deletes its waiting deliveries too. Its events can still be read with GET /api/events.',
    params: WebhookParams,
    answer: Type.Object({ success: Success }),
    problems: ['webhook_not_found'],
    serve:
      ({ webhooks }) =>
      async ({ params, request }) => {
        const removed = await webhooks.remove({ owner: ownerOf(request) }, params.webhook_id);
        return removed.ok ? ok({ success: true as const }) : removed;
      },
  });
