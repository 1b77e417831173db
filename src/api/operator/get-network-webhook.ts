// GET /operator/webhooks/{webhook_id}: one webhook and the state of its deliveries.

import { getWebhookOf } from '../webhooks/get-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const getNetworkWebhook = getWebhookOf(operatorSide);
