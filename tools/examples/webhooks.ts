// Examples of webhooks: of a platform, and the same of the network for its operators.

import type { Act } from './step.ts';

interface Names {
  readonly create: string;
  readonly list: string;
  readonly get: string;
  readonly change: string;
  readonly renew: string;
  readonly test: string;
  readonly deliveries: string;
  readonly redeliver: string;
  readonly remove: string;
}

function webhookSteps(names: Names): readonly Act[] {
  const saved = names.create;
  const params = { webhook_id: `{${saved}}` };
  return [
    {
      operation: names.create,
      body: { url: 'http://127.0.0.1:8090/pontis', description: 'Our shop' },
      save: { [saved]: 'webhook_id' },
    },
    { operation: names.list, after: [names.create] },
    { operation: names.get, params },
    { operation: names.test, params },
    { operation: names.deliveries, params, query: { limit: 1 }, after: [names.test] },
    {
      operation: names.redeliver,
      params,
      body: { since: '2026-01-01T00:00:00Z' },
      after: [names.test],
    },
    { operation: names.renew, params, body: { overlap_hours: 24 } },
    { operation: names.change, params, body: { enabled: false } },
    { operation: names.remove, params },
  ];
}

export const WEBHOOKS: readonly Act[] = [
  ...webhookSteps({
    create: 'createWebhook',
    list: 'listWebhooks',
    get: 'getWebhook',
    change: 'changeWebhook',
    renew: 'renewWebhookSecret',
    test: 'testWebhook',
    deliveries: 'listWebhookDeliveries',
    redeliver: 'redeliverWebhook',
    remove: 'deleteWebhook',
  }),
  ...webhookSteps({
    create: 'createNetworkWebhook',
    list: 'listNetworkWebhooks',
    get: 'getNetworkWebhook',
    change: 'changeNetworkWebhook',
    renew: 'renewNetworkWebhookSecret',
    test: 'testNetworkWebhook',
    deliveries: 'listNetworkWebhookDeliveries',
    redeliver: 'redeliverNetworkWebhook',
    remove: 'deleteNetworkWebhook',
  }),
];
