// DELETE /operator/webhooks/{webhook_id}: removes a webhook and its deliveries.

import { deleteWebhookOf } from '../webhooks/delete-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const deleteNetworkWebhook = deleteWebhookOf(operatorSide);
