// GET /operator/webhooks/{webhook_id}: one endpoint, and how it fares.

import { getWebhookOf } from '../webhooks/get-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const getNetworkWebhook = getWebhookOf(operatorSide);
