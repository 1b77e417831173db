// DELETE /api/webhooks/{webhook_id}: removes a webhook and its deliveries.

import { deleteWebhookOf } from '../webhooks/delete-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const deleteWebhook = deleteWebhookOf(platformSide);
