// GET /operator/windows/{window_id}/transactions: the transactions of a window that concern one
// platform.

import { WindowParams } from '../windows/window-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';
import {
  sendTransactions,
  transactionsQuery,
  transactionsResponses,
} from '../settlements/send-statement.ts';
import { statementOf } from '../windows/statement-of.ts';

const TransactionsQuery = closed({ platform_id: PlatformIdText, ...transactionsQuery });

export const listWindowTransactions = defineRoute({
  operationId: 'listWindowTransactions',
  method: 'GET',
  url: '/operator/windows/:window_id/transactions',
  tag: 'operator',
  summary: 'Transactions of a window that concern a platform',
  description: 'The same list that the platform itself gets.',
  params: WindowParams,
  query: TransactionsQuery,
  responses: transactionsResponses,
  problems: ['platform_not_found', 'window_not_found', 'window_not_closed'],
  serve:
    (parts) =>
    async ({ params, query, reply }) => {
      const made = await statementOf(parts, params.window_id, query.platform_id);
      return made.ok
        ? sent(await sendTransactions(reply, parts.settlement, made.value, query))
        : made;
    },
});
