// POST /operator/webhooks/{webhook_id}/redeliver: sends one event again, or all dead letters since
// a time.

import { redeliverWebhookOf } from '../webhooks/redeliver-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const redeliverNetworkWebhook = redeliverWebhookOf(operatorSide);
