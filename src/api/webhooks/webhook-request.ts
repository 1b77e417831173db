// How operations about webhooks name one, and the fields by which one is made.

import { Type } from 'typebox';
import { closed, text } from '../../views/schemas.ts';

export const WebhookParams = closed({
  webhook_id: Type.String({
    pattern: '^whk_[0-9a-f]{32}$',
    description: 'A webhook_id that this API answered.',
  }),
});
export const TermFields = {
  url: text(
    2_048,
    'Where events are sent to with POST: https, a public address, no user name or password, ' +
      'no fragment.',
  ),
  types: Type.Union(
    [
      Type.Null(),
      Type.Array(
        Type.String({
          pattern: '^[a-z_]{1,40}\\.(\\*|[a-z_]{1,40})$',
          description: 'Such as `transfer.completed`, or `transfer.*` for all of a thing.',
        }),
        { minItems: 1, maxItems: 50, uniqueItems: true },
      ),
    ],
    { description: 'Only these types; all when null.' },
  ),
  ordered: Type.Boolean({
    description:
      'True: an event is not sent before the one before it is delivered or given up. False, ' +
      'the default: many are sent at once.',
  }),
  description: text(200, 'What it is for, for people.', 0),
};
