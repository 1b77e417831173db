// GET /api/settlements/{window_id}/transactions: the transactions of a window that moved the
// calling platform's position.

import { WindowParams } from '../windows/window-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import {
  sendTransactions,
  transactionsQuery,
  transactionsResponses,
} from '../settlements/send-statement.ts';

export const listSettlementTransactions = defineRoute({
  operationId: 'listSettlementTransactions',
  method: 'GET',
  url: '/api/settlements/:window_id/transactions',
  tag: 'platform',
  summary: 'Transactions of a settlement window',
  description:
    'Every transaction that moved your position in this window. A transaction is in exactly ' +
    'one window.',
  params: WindowParams,
  query: closed(transactionsQuery),
  responses: transactionsResponses,
  problems: ['window_not_found', 'window_not_closed'],
  serve:
    ({ settlement }) =>
    async ({ caller, params, query, reply }) => {
      const made = await settlement.statement(params.window_id, caller.platform.platformId);
      return made.ok ? sent(await sendTransactions(reply, settlement, made.value, query)) : made;
    },
});
