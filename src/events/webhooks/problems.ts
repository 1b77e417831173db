// Problems of the operations on webhooks, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const webhookProblems = defineProblems({
  webhook_not_found: {
    status: 404,
    error: 'Webhook not found',
    advice: 'Use a webhook_id of your own that GET /api/webhooks lists.',
  },
  webhook_target_refused: {
    status: 400,
    error: 'URL cannot be called',
    advice: 'Give the https URL of a public address, without user name, password and fragment.',
  },
  webhook_exists: {
    status: 409,
    error: 'Webhook already exists',
    advice:
      'There is one for this URL already: change it, or renew its secret if you do not know it.',
  },
  too_many_webhooks: {
    status: 409,
    error: 'Too many webhooks',
    advice: 'Delete one that is not used any more.',
  },
  webhook_disabled: {
    status: 409,
    error: 'Webhook is disabled',
    advice: 'Enable it first.',
  },
  delivery_not_found: {
    status: 404,
    error: 'Delivery not found',
    advice:
      'Name an event that was sent to this webhook in the last days; older ones are at GET ' +
      '/api/events.',
  },
});
