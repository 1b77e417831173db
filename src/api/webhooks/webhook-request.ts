// Defines the fields of requests about webhooks: the id, and the settings of a webhook.

import { Type } from 'typebox';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a webhook. */
export const WebhookParams = closed({
  webhook_id: Type.String({
    pattern: '^whk_[0-9a-f]{32}$',
    description: 'A webhook_id from an answer of this API.',
  }),
});
/** The settings of a webhook; routes use all or some of them. */
export const TermFields = {
  url: text(
    2_048,
    'The URL to which events are sent with POST: https, a public address, no user name or ' +
      'password, no fragment.',
  ),
  types: Type.Union(
    [
      Type.Null(),
      Type.Array(
        Type.String({
          pattern: '^[a-z_]{1,40}\\.(\\*|[a-z_]{1,40})$',
          description:
            '`transfer.completed`, or `transfer.*` for all types that begin with `transfer.`.',
        }),
        { minItems: 1, maxItems: 50, uniqueItems: true },
      ),
    ],
    { description: 'Only events of these types; all when null.' },
  ),
  ordered: Type.Boolean({
    description:
      'True: an event is sent only after the one before it is delivered or given up. False ' +
      '(default): several are sent at the same time.',
  }),
  description: text(200, 'The purpose of the webhook, for people.', 0),
};
