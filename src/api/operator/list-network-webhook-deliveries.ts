// GET /operator/webhooks/{webhook_id}/deliveries: what was sent there, and what became of it.

import { listWebhookDeliveriesOf } from '../webhooks/list-webhook-deliveries.ts';
import { operatorSide } from '../webhooks/side.ts';

export const listNetworkWebhookDeliveries = listWebhookDeliveriesOf(operatorSide);
