// POST /operator/reserves/{platform_id}/cap: requests another net debit cap; a lower one is in
// force at once.

import { type Static, Type } from 'typebox';
import type { Wanted } from '../../clearing/reserve/reserve.ts';
import { apiProblems } from '../../http/problems.ts';
import { parseAmount } from '../../kernel/amount.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Asset } from '../../ledger/ledger.ts';
import { ReserveRequestView } from '../../views/reserve.ts';
import { MoneyAmount, Reason, ReserveParams } from '../reserve/reserve-request.ts';
import { AMOUNT_PROBLEMS, readAmount } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { askForReserve } from '../reserve/ask-for-reserve.ts';
import { closed } from '../../views/schemas.ts';

const CapBody = closed(
  {
    amount: Type.Optional(MoneyAmount),
    percent_of_prefund: Type.Optional(
      Type.Unsafe<number | string>({
        type: ['number', 'string'],
        maxLength: 10,
        examples: [100],
        description:
          'More than 0, at most 1000, at most two decimals. The cap then follows the prefund, ' +
          'rounded down.',
      }),
    ),
    reason: Reason,
  },
  'Exactly one of amount and percent_of_prefund.',
);

export const requestCap = defineRoute({
  operationId: 'requestCap',
  method: 'POST',
  url: '/operator/reserves/:platform_id/cap',
  tag: 'operator',
  summary: 'Ask for another net debit cap',
  description:
    'A fixed amount, or a percentage of the prefund. A lower cap is approved and in force when ' +
    'this answers. A higher cap, or a change between amount and percentage, is in force after ' +
    'another operator has approved it. Refused with `cap_below_use` while more is in use.',
  params: ReserveParams,
  body: CapBody,
  answer: ReserveRequestView,
  problems: [...AMOUNT_PROBLEMS, 'platform_not_found', 'cap_below_use'],
  serve: (parts) => (call) =>
    askForReserve(parts, call, capOf(call.body, parts.ledger.settlementAsset())),
});

function capOf(
  { amount, percent_of_prefund: percent }: Static<typeof CapBody>,
  currency: Asset,
): Result<Wanted> {
  if ((amount === undefined) === (percent === undefined)) {
    return refuse(
      apiProblems.invalid_field('Give exactly one of amount and percent_of_prefund.', {
        field: amount === undefined ? 'amount' : 'percent_of_prefund',
      }),
    );
  }
  if (percent !== undefined) {
    const basisPoints = parseAmount(percent, 2);
    if (typeof basisPoints === 'string' || basisPoints < 1n || basisPoints > 100_000n) {
      return refuse(
        apiProblems.invalid_field(
          'percent_of_prefund must be more than 0 and at most 1000, with at most two decimals.',
          { field: 'percent_of_prefund' },
        ),
      );
    }
    return ok({ kind: 'cap', basisPoints: Number(basisPoints) });
  }
  // A cap of zero is valid too: the platform may send what it has received.
  if (parseAmount(amount ?? 0, currency.scale) === 0n) return ok({ kind: 'cap', amount: 0n });
  const minor = readAmount(amount ?? 0, currency);
  return minor.ok ? ok({ kind: 'cap', amount: minor.value }) : minor;
}
