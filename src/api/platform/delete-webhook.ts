// DELETE /api/webhooks/{webhook_id}: nothing is sent there any more, and its deliveries are
// forgotten.

import { deleteWebhookOf } from '../webhooks/delete-webhook.ts';
import { platformSide } from '../webhooks/side.ts';

export const deleteWebhook = deleteWebhookOf(platformSide);
