// POST /operator/windows/{window_id}/settle: one operator says how a window is to be paid, another
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
    'Out of and into the prefund, or by a payment outside of the network, which needs the ' +
    "bank's reference.",
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
              '`net`, or `source>target` of a pair that is settled gross; all of the ' +
                "participant's when absent.",
            ),
          ),
          from: From,
          bank_reference: Type.Optional(BankReference),
        }),
        { maxItems: 10_000 },
      ),
    ),
  },
  'from and bank_reference hold for everyone for whom payments does not say otherwise; the ' +
    'prefund when absent.',
);

export const proposeSettlement = defineRoute({
  operationId: 'proposeSettlement',
  method: 'POST',
  url: '/operator/windows/:window_id/settle',
  tag: 'operator',
  summary: 'Propose how a window is paid',
  description:
    'Fixes the obligations of a closed window, without what is disputed now, for ' +
    'another operator to confirm. Of a window that is being settled: changes the way of ' +
    'the obligations that payments names and that are not paid yet. A window in which ' +
    'nobody owes anything is settled at once.',
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
