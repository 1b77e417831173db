// One payment of an obligation of a settlement window.

import { type Static, Type } from 'typebox';
import type { PartPayment } from '../clearing/settlement/settlement.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** One payment of an obligation. */
export const PartPaymentView = Type.Object({
  amount: Type.Number({
    description: 'In the settlement currency; negative for what is owed or paid.',
  }),
  from: Type.String({ description: 'prefund or outside.' }),
  bank_reference: Nullable('Of a payment outside of the network.'),
  transaction_id: Nullable('In the ledger.'),
  paid_at: Nullable('RFC 3339.'),
});

/** Shows one payment of an obligation. */
export function describePartPayment(
  { amount, paidFrom, bankReference, transactionId, postedAtMs }: PartPayment,
  money: (minor: bigint) => number,
): Static<typeof PartPaymentView> {
  return {
    amount: money(amount),
    from: paidFrom,
    bank_reference: bankReference,
    transaction_id: transactionId === null ? null : formatId('txn', transactionId),
    paid_at: formatMoment(postedAtMs),
  };
}
