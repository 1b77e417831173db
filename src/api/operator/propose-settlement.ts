// POST /operator/windows/{window_id}/settle: one operator proposes how a window is paid; another
// one confirms it.

import { Type } from 'typebox';
import type { Participant } from '../../clearing/settlement/settlement.ts';
import { WindowView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed, text } from '../../views/schemas.ts';
import { describeWindowResult } from '../windows/window-decisions.ts';

const From = Type.Enum(['prefund', 'outside'], {
  description:
    '`prefund`: from and to the prefunds. `outside`: by a payment outside the network, which ' +
    "needs the bank's reference.",
});
const BankReference = text(
  128,
  "The bank's reference of the payment; kept with the ledger's transaction.",
);
const Body = closed(
  {
    from: Type.Optional(From),
    bank_reference: Type.Optional(BankReference),
    payments: Type.Optional(
      Type.Array(
        closed({
          participant: text(40, 'A platform_id, or `@network`.'),
          basis: Type.Optional(
            text(
              90,
              '`net`, or `source>target` of a pair that is settled gross; all obligations of ' +
                'the participant when absent.',
            ),
          ),
          from: From,
          bank_reference: Type.Optional(BankReference),
        }),
        { maxItems: 10_000 },
      ),
    ),
  },
  '`from` and `bank_reference` apply to every participant that `payments` does not name; ' +
    '`prefund` when absent.',
);

export const proposeSettlement = defineRoute({
  operationId: 'proposeSettlement',
  method: 'POST',
  url: '/operator/windows/:window_id/settle',
  tag: 'operator',
  summary: 'Propose how a window is paid',
  description:
    'For a closed window: fixes the obligations, without the transactions that are disputed ' +
    'now; another operator confirms them. For a window that is being settled: changes how the ' +
    'obligations in `payments` are paid, if they are not paid yet. A window without ' +
    'obligations is settled at once.',
  params: WindowParams,
  body: Body,
  answer: WindowView,
  problems: [
    'window_not_found',
    'window_not_closed',
    'window_mismatch',
    'settlement_state',
    'obligation_paid',
    'obligation_not_found',
    'bank_reference_missing',
  ],
  serve:
    (parts) =>
    async ({ operator, params, body }) => {
      const { from, bank_reference: bankReference, payments = [] } = body;
      return describeWindowResult(
        parts,
        await parts.settlement.propose({
          windowId: params.window_id,
          operatorId: operator.operatorId,
          payments: payments.map((payment) => ({
            participant: payment.participant as Participant,
            basis: payment.basis,
            from: payment.from,
            bankReference: payment.bank_reference,
          })),
          ...(from === undefined ? {} : { otherwise: { from, bankReference } }),
        }),
      );
    },
});
