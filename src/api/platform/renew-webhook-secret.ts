// POST /api/webhooks/{webhook_id}/secret: a new key, beside which the old one signs for a while.

import { renewWebhookSecretOf } from '../webhooks/renew-webhook-secret.ts';
import { platformSide } from '../webhooks/side.ts';

export const renewWebhookSecret = renewWebhookSecretOf(platformSide);
