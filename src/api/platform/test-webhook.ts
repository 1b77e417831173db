// POST /api/webhooks/{webhook_id}/test: sends a test event without meaning, so that the receiver
// can be tested.

import { platformSide } from '../webhooks/side.ts';
import { testWebhookOf } from '../webhooks/test-webhook.ts';

export const testWebhook = testWebhookOf(platformSide);
