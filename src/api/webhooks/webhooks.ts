// All operations on webhooks, for one of the two sides on which they are served.

import { deleteWebhook } from './delete-webhook.ts';
import { getDeliveries } from './get-deliveries.ts';
import { getWebhook } from './get-webhook.ts';
import { getWebhooks } from './get-webhooks.ts';
import { patchWebhook } from './patch-webhook.ts';
import { postRedeliver } from './post-redeliver.ts';
import { postSecret } from './post-secret.ts';
import { postTest } from './post-test.ts';
import { postWebhook } from './post-webhook.ts';
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
