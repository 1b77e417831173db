// GET /api/webhooks/{webhook_id}: one endpoint, and how it fares.

import { getWebhookOf } from '../webhooks/get-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const getWebhook = getWebhookOf(platformSide);
