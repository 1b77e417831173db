// GET /operator/webhooks/{webhook_id}/deliveries: the events sent to a webhook, and their results.

import { listWebhookDeliveriesOf } from '../webhooks/list-webhook-deliveries.ts';
import { operatorSide } from '../webhooks/side.ts';

export const listNetworkWebhookDeliveries = listWebhookDeliveriesOf(operatorSide);
