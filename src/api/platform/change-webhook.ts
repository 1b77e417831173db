// PATCH /api/webhooks/{webhook_id}: another URL, other types, another order; switched off and on.

import { changeWebhookOf } from '../webhooks/change-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const changeWebhook = changeWebhookOf(platformSide);
