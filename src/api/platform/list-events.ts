// GET /api/events: the events for the calling platform, in order, read by cursor.

import { Type } from 'typebox';
import { selectEvents } from '../../events/events.ts';
import { ok } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const TYPE = '[a-z_]{1,40}\\.(\\*|[a-z_]{1,40})';

const Query = closed({
  after: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,18}$',
      description: 'next_cursor of an earlier answer; from the beginning when absent.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
  types: Type.Optional(
    Type.String({
      pattern: `^${TYPE}(,${TYPE}){0,49}$`,
      description:
        'Only these types, separated by commas; `transfer.*` means all types that begin with ' +
        '`transfer.`.',
      examples: ['transfer.*,hold.expired'],
    }),
  ),
});

const Answer = Type.Object({
  events: Type.Array(
    Type.Object({
      event_id: Type.Integer({ description: 'Higher for each later event of the network.' }),
      occurred_at: Type.String({ description: 'RFC 3339.' }),
      type: Type.String({
        examples: [
          'transfer.completed',
          'transaction.reversed',
          'points.expired',
          'redemption.issued',
          'rulebook.effective',
        ],
      }),
      data: Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'Small values; the fields depend on the type.',
        },
      ),
    }),
  ),
  next_cursor: Type.String({
    description: 'Send it as `after` to read the next events, now or later.',
  }),
});

export const listEvents = defineRoute({
  operationId: 'listEvents',
  method: 'GET',
  url: '/api/events',
  tag: 'platform',
  summary: 'Events',
  description:
    'Events about transfers, holds, points and redemptions of your users and about the ' +
    "network's rules, oldest first. Each event comes once, and none is missed when you " +
    'continue from next_cursor. The same events can be sent to you: POST /api/webhooks. ' +
    'docs/webhooks.md lists the types.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ pool }) =>
    async ({ caller, query }) => {
      const { after = '0', limit = DEFAULT_LIMIT, types } = query;
      const events = await selectEvents(pool, BigInt(after), limit, {
        platformId: caller.platform.platformId,
        types: types?.split(','),
      });
      return ok({
        events: events.map(({ eventId, occurredAt, type, data }) => ({
          event_id: Number(eventId),
          occurred_at: formatMoment(occurredAt),
          type,
          data,
        })),
        next_cursor: String(events.at(-1)?.eventId ?? after),
      });
    },
});
