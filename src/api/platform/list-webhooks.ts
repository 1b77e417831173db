// GET /api/webhooks: all endpoints of the caller, and how they fare.

import { listWebhooksOf } from '../webhooks/list-webhooks.ts';
import { platformSide } from '../webhooks/side.ts';

export const listWebhooks = listWebhooksOf(platformSide);
