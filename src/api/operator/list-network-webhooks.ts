// GET /operator/webhooks: all endpoints of the caller, and how they fare.

import { listWebhooksOf } from '../webhooks/list-webhooks.ts';
import { operatorSide } from '../webhooks/side.ts';

export const listNetworkWebhooks = listWebhooksOf(operatorSide);
