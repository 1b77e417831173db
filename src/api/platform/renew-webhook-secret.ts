// POST /api/webhooks/{webhook_id}/secret: makes a new secret; the old one also signs for a while.

import { renewWebhookSecretOf } from '../webhooks/renew-webhook-secret.ts';
import { platformSide } from '../webhooks/side.ts';

export const renewWebhookSecret = renewWebhookSecretOf(platformSide);
