// Amounts and times at the edge: what the caller wrote → minor units or a problem that says what is
// wrong with it.

import { parseAmount, type AmountFault } from '../kernel/amount.ts';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import { isDay, parseMoment } from '../kernel/time.ts';
import type { Asset } from '../ledger/ledger.ts';
import { apiProblems } from '../http/problems.ts';

/** How an amount can be refused, whatever it is an amount of. */
export const AMOUNT_PROBLEMS = [
  'amount_not_a_number',
  'amount_not_positive',
  'amount_too_precise',
  'amount_too_large',
] as const;

const faults: Readonly<Record<AmountFault, (field: string, asset: Asset) => Problem>> = {
  not_a_number: (field) => apiProblems.amount_not_a_number(`${field} is not a number.`, { field }),
  too_many_decimals: (field, { scale }) =>
    apiProblems.amount_too_precise(`${field} has more than ${scale} decimals.`, { field }),
  too_large: (field) => apiProblems.amount_too_large(`${field} is too large.`, { field }),
};

export { toPoints } from '../views/points.ts';

/** A positive amount of an asset. */
export function readAmount(value: number | string, asset: Asset, field = 'amount'): Result<bigint> {
  const minor = parseAmount(value, asset.scale);
  if (typeof minor === 'string') return refuse(faults[minor](field, asset));
  return minor > 0n
    ? ok(minor)
    : refuse(
        apiProblems.amount_not_positive(`${field} is ${minor === 0n ? 'zero' : 'negative'}.`, {
          field,
        }),
      );
}

/** The same for a field that may be left out. */
export function readOptionalAmount(
  value: number | string | undefined,
  asset: Asset,
  field = 'amount',
): Result<bigint | undefined> {
  return value === undefined ? ok(undefined) : readAmount(value, asset, field);
}

/**
 * Milliseconds of an RFC 3339 time whose form the schema has checked; refuses days that do not
 * exist.
 */
export function readTime(value: string, field: string): Result<number> {
  const atMs = parseMoment(value);
  return atMs === undefined
    ? refuse(apiProblems.invalid_field(`${field} is not a time that exists.`, { field }))
    : ok(atMs);
}

/** A calendar day whose form the schema has checked; refuses days that do not exist. */
export function readDay(value: string, field: string): Result<string> {
  return isDay(value)
    ? ok(value)
    : refuse(apiProblems.invalid_field(`${field} is not a day that exists.`, { field }));
}
