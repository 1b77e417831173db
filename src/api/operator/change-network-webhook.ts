// PATCH /operator/webhooks/{webhook_id}: changes URL, types or order of a webhook, and switches it
// off and on.

import { changeWebhookOf } from '../webhooks/change-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const changeNetworkWebhook = changeWebhookOf(operatorSide);
