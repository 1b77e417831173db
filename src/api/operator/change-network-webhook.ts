// PATCH /operator/webhooks/{webhook_id}: another URL, other types, another order; switched off and on.

import { changeWebhookOf } from '../webhooks/change-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const changeNetworkWebhook = changeWebhookOf(operatorSide);
