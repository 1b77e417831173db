// GET /api/webhooks: the caller's webhooks and the state of their deliveries.

import { listWebhooksOf } from '../webhooks/list-webhooks.ts';
import { platformSide } from '../webhooks/side.ts';

export const listWebhooks = listWebhooksOf(platformSide);
