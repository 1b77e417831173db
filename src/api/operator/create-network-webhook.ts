// POST /operator/webhooks: from now on, events are sent to this URL.

import { createWebhookOf } from '../webhooks/create-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const createNetworkWebhook = createWebhookOf(operatorSide);
