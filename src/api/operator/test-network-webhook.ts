// POST /operator/webhooks/{webhook_id}/test: sends a test event without meaning, so that the
// receiver can be tested.

import { testWebhookOf } from '../webhooks/test-webhook.ts';
import { operatorSide } from '../webhooks/side.ts';

export const testNetworkWebhook = testWebhookOf(operatorSide);
