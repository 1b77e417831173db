// GET /operator/windows: the settlement windows, newest first.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { WindowState } from '../../clearing/settlement/settlement.ts';
import { describeWindow, WindowHead, WindowStateText } from '../../views/window.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(WindowStateText),
  before: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2 ** 31 - 1,
      description: 'Only windows with a smaller number.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});

export function getWindows(server: FastifyInstance, { settlement }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/windows',
    {
      schema: {
        operationId: 'listWindows',
        tags: ['operator'],
        summary: 'Settlement windows',
        description: 'Newest first; the first one is open.',
        querystring: Query,
        response: { 200: Type.Object({ windows: Type.Array(WindowHead) }), ...problemResponses },
      },
    },
    async ({ query: { before = 2 ** 31 - 1, limit = DEFAULT_LIMIT, state } }, _reply) => {
      const windows = await settlement.list(before, limit, state as WindowState | undefined);
      return { windows: windows.map(describeWindow) };
    },
  );
}
