// Requests a change of a reserve; shared by the routes of deposits, withdrawals and caps.

import type { Static } from 'typebox';
import type { NewRequest, ReserveRequest, Wanted } from '../../clearing/reserve/reserve.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeReserveRequest, type ReserveRequestView } from '../../views/reserve.ts';
import {
  BankReference,
  findReserve,
  MoneyAmount,
  Reason,
  type ReserveParams,
} from '../reserve/reserve-request.ts';
import { readAmount } from '../amounts.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed } from '../../views/schemas.ts';

/** Body of a request for a deposit or a withdrawal. */
export const PaymentBody = closed({
  amount: MoneyAmount,
  bank_reference: BankReference,
  reason: Reason,
});

interface Asking extends ByOperator {
  readonly params: Static<typeof ReserveParams>;
  readonly body: { readonly reason: string };
}

/** Creates the request. A lower cap takes one person, so it is carried out at once. */
export async function askForReserve(
  parts: ApiParts,
  { operator, params, body }: Asking,
  wanted: Result<Wanted>,
): Promise<Result<Static<typeof ReserveRequestView>>> {
  const figures = await findReserve(params.platform_id, parts);
  if (!figures.ok) return figures;
  if (!wanted.ok) return wanted;
  const asked = {
    platformId: figures.value.platformId,
    operatorId: operator.operatorId,
    reason: body.reason,
  };
  const made = await makeOrNarrow(parts, asked, wanted.value);
  return made.ok ? ok(describeReserveRequest(made.value, parts.ledger.settlementAsset())) : made;
}

/** Returns the work of requesting a deposit or a withdrawal. */
export function askForPayment(kind: 'deposit' | 'withdrawal') {
  return (parts: ApiParts) =>
    (
      call: Asking & { readonly body: Static<typeof PaymentBody> },
    ): Promise<Result<Static<typeof ReserveRequestView>>> => {
      const { amount, bank_reference: bankReference } = call.body;
      const minor = readAmount(amount, parts.ledger.settlementAsset());
      const wanted = minor.ok ? ok({ kind, amount: minor.value, bankReference }) : minor;
      return askForReserve(parts, call, wanted);
    };
}

async function makeOrNarrow(
  { reserve }: ApiParts,
  asked: Omit<NewRequest, 'wanted'>,
  wanted: Wanted,
): Promise<Result<ReserveRequest>> {
  const narrowed =
    wanted.kind === 'cap' ? await reserve.requests.narrowCap({ ...asked, wanted }) : undefined;
  return narrowed ?? reserve.requests.make({ ...asked, wanted });
}
