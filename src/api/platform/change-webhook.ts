// PATCH /api/webhooks/{webhook_id}: changes URL, types or order of a webhook, and switches it off
// and on.

import { changeWebhookOf } from '../webhooks/change-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const changeWebhook = changeWebhookOf(platformSide);
