// GET /api/webhooks/{webhook_id}/deliveries: the events sent to a webhook, and their results.

import { listWebhookDeliveriesOf } from '../webhooks/list-webhook-deliveries.ts';
import { platformSide } from '../webhooks/side.ts';

export const listWebhookDeliveries = listWebhookDeliveriesOf(platformSide);
