// POST /operator/webhooks: registers a URL to which new events are sent.

import { createWebhookOf } from '../webhooks/create-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const createNetworkWebhook = createWebhookOf(operatorSide);
