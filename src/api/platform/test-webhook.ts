// POST /api/webhooks/{webhook_id}/test: an event that means nothing is sent there, so that the
// receiver can be tried.

import { platformSide } from '../webhooks/side.ts';
import { testWebhookOf } from '../webhooks/test-webhook.ts';

export const testWebhook = testWebhookOf(platformSide);
