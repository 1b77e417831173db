// Defines the fields of requests about reserves: a platform, a request, a reason and an amount.

import { Type } from 'typebox';
import type { Reserve, ReserveFigures } from '../../clearing/reserve/reserve.ts';
import { identityProblems } from '../../identity/identity.ts';
import { isPlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

/** Path parameters of a platform's reserve. */
export const ReserveParams = closed({ platform_id: PlatformIdText });
/** Path parameters of a request about a reserve. */
export const RequestParams = closed({
  request_id: Type.String({
    maxLength: 64,
    description: 'A request_id from an answer of this API.',
  }),
});
/** The reason of a request, at most 500 characters. */
export const Reason = text(500, 'The reason; kept in the history.');
/** The bank's reference of a payment, at most 128 characters. */
export const BankReference = text(
  128,
  "The payment's reference on the bank statement; each payment is booked once.",
);
/** An amount in settlement currency, as number or decimal text. */
export const MoneyAmount = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  maxLength: 40,
  examples: [50_000],
  description:
    'Settlement currency, at most 10^15 minor units, with at most its decimals (4). A JSON ' +
    'number or a decimal string. Never rounded.',
});
/** Finds the reserve of the platform that a route names; `platform_not_found` if there is none. */
export async function findReserve(
  platformId: string,
  { reserve }: { readonly reserve: Reserve },
): Promise<Result<ReserveFigures>> {
  const figures = isPlatformId(platformId) ? await reserve.find(platformId) : undefined;
  return figures === undefined ? refuse(identityProblems.platform_not_found()) : ok(figures);
}
