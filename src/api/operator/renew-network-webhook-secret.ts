// POST /operator/webhooks/{webhook_id}/secret: makes a new secret; the old one also signs for a
// while.

import { renewWebhookSecretOf } from '../webhooks/renew-webhook-secret.ts';
import { operatorSide } from '../webhooks/side.ts';

export const renewNetworkWebhookSecret = renewWebhookSecretOf(operatorSide);
