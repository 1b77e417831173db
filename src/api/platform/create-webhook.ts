// POST /api/webhooks: registers a URL to which new events are sent.

import { createWebhookOf } from '../webhooks/create-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const createWebhook = createWebhookOf(platformSide);
