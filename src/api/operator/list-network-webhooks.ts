// GET /operator/webhooks: all webhooks, those of platforms too, and the state of their deliveries.

import { listWebhooksOf } from '../webhooks/list-webhooks.ts';
import { operatorSide } from '../webhooks/side.ts';

export const listNetworkWebhooks = listWebhooksOf(operatorSide);
