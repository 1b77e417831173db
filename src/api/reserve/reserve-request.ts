// How operations about reserves name a platform, a request and an amount.

import { Type } from 'typebox';
import type { Reserve, ReserveFigures } from '../../clearing/reserve/reserve.ts';
import { identityProblems } from '../../identity/identity.ts';
import { isPlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

export const ReserveParams = closed({ platform_id: PlatformIdText });
export const RequestParams = closed({
  request_id: Type.String({ maxLength: 64, description: 'A request_id that this API answered.' }),
});
export const Reason = text(500, 'Why; kept in the history.');
export const BankReference = text(
  128,
  'The payment at the bank, as its statement names it; each is booked once.',
);
export const MoneyAmount = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  maxLength: 40,
  examples: [50_000],
  description:
    'Settlement currency, at most 10^15 minor units, with at most its decimals (4). A JSON ' +
    'number or a decimal string. Never rounded.',
});
/** The reserve that a route names. */
export async function findReserve(
  platformId: string,
  { reserve }: { readonly reserve: Reserve },
): Promise<Result<ReserveFigures>> {
  const figures = isPlatformId(platformId) ? await reserve.find(platformId) : undefined;
  return figures === undefined ? refuse(identityProblems.platform_not_found()) : ok(figures);
}
