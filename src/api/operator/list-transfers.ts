// GET /operator/transfers: transfers over connected platforms that need an operator or have not
// ended.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeTransfer, TransferView } from '../../views/transfer.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;

const Query = closed({
  which: Type.Optional(
    Type.String({
      enum: ['attention', 'open'],
      description:
        '`attention` (default): transfers that need an operator. `open`: all transfers that ' +
        'have not ended.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});

export const listTransfers = defineRoute({
  operationId: 'listTransfers',
  method: 'GET',
  url: '/operator/transfers',
  tag: 'operator',
  summary: 'Transfers over connected platforms',
  description: 'Oldest first.',
  query: Query,
  answer: Type.Object({ transfers: Type.Array(TransferView) }),
  problems: [],
  serve:
    (parts) =>
    async ({ query: { which = 'attention', limit = DEFAULT_LIMIT } }) => {
      const found = await parts.sagas.list(which === 'open' ? 'open' : 'attention', limit);
      return ok({ transfers: found.map((saga) => describeTransfer(saga, parts)) });
    },
});
