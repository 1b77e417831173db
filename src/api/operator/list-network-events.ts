// GET /operator/events: the events of the network, oldest first, read by cursor.

import { Type } from 'typebox';
import { selectEvents } from '../../events/events.ts';
import { ok } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;

const Query = closed({
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The event_id that was read last; from the beginning when absent.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({
  events: Type.Array(
    Type.Object({
      event_id: Type.Integer({ description: '1, 2, 3 … without a gap.' }),
      occurred_at: Type.String(),
      type: Type.String({
        examples: ['proposal.made', 'rulebook.effective', 'transfer.attention'],
      }),
      platform_id: Type.Union([Type.String(), Type.Null()], {
        description: 'The platform that the event concerns; null when it concerns all.',
      }),
      data: Type.Unsafe<Readonly<Record<string, unknown>>>({
        type: 'object',
        additionalProperties: true,
      }),
    }),
  ),
  next_after: Type.Integer({
    description: 'Send it as `after` to read the next events, now or later.',
  }),
});

export const listNetworkEvents = defineRoute({
  operationId: 'listNetworkEvents',
  method: 'GET',
  url: '/operator/events',
  tag: 'operator',
  summary: 'Events of the network',
  description: 'Oldest first.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ pool }) =>
    async ({ query: { after = 0, limit = DEFAULT_LIMIT } }) => {
      const events = await selectEvents(pool, BigInt(after), limit);
      return ok({
        events: events.map(({ eventId, occurredAt, type, platformId, data }) => ({
          event_id: Number(eventId),
          occurred_at: formatMoment(occurredAt),
          type,
          platform_id: platformId,
          data,
        })),
        next_after: Number(events.at(-1)?.eventId ?? after),
      });
    },
});
