// GET /api/webhooks/{webhook_id}: one webhook and the state of its deliveries.

import { getWebhookOf } from '../webhooks/get-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const getWebhook = getWebhookOf(platformSide);
