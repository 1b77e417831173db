// All operations on webhooks, for one of the two sides on which they are served.

import { deleteWebhook } from './delete-webhook.ts';
import { getDeliveries } from './list-webhook-deliveries.ts';
import { getWebhook } from './get-webhook.ts';
import { getWebhooks } from './list-webhooks.ts';
import { patchWebhook } from './change-webhook.ts';
import { postRedeliver } from './redeliver-webhook.ts';
import { postSecret } from './renew-webhook-secret.ts';
import { postTest } from './test-webhook.ts';
import { postWebhook } from './create-webhook.ts';
import type { AddOperation } from './side.ts';

export { operatorSide, platformSide } from './side.ts';

const operations: readonly AddOperation[] = [
  postWebhook,
  getWebhooks,
  getWebhook,
  patchWebhook,
  deleteWebhook,
  postSecret,
  postTest,
  getDeliveries,
  postRedeliver,
];

export const addWebhooks: AddOperation = (server, parts, side) => {
  for (const add of operations) add(server, parts, side);
};
