// POST /api/webhooks: from now on, events are sent to this URL.

import { createWebhookOf } from '../webhooks/create-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const createWebhook = createWebhookOf(platformSide);
