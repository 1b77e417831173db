// GET /api/webhooks/{webhook_id}/deliveries: what was sent there, and what became of it.

import { listWebhookDeliveriesOf } from '../webhooks/list-webhook-deliveries.ts';
import { platformSide } from '../webhooks/side.ts';

export const listWebhookDeliveries = listWebhookDeliveriesOf(platformSide);
