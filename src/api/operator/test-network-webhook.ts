// POST /operator/webhooks/{webhook_id}/test: an event that means nothing is sent there, so that the
// receiver can be tried.

import { testWebhookOf } from '../webhooks/test-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const testNetworkWebhook = testWebhookOf(operatorSide);
