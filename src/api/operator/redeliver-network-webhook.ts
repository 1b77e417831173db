// POST /operator/webhooks/{webhook_id}/redeliver: one event once more, or all that were given up since a
// time.

import { redeliverWebhookOf } from '../webhooks/redeliver-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const redeliverNetworkWebhook = redeliverWebhookOf(operatorSide);
