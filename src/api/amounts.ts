// Reads the amounts and times of a request: converts text or number to minor units or milliseconds,
// or returns a problem that names the field.

import { parseAmount, type AmountFault } from '../kernel/amount.ts';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import { isDay, parseMoment } from '../kernel/time.ts';
import type { Asset } from '../ledger/ledger.ts';
import { apiProblems } from '../http/problems.ts';

/** The problems of an amount, for any field. */
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

/** Reads a positive amount, in minor units of the asset. Problems: those of AMOUNT_PROBLEMS. */
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

/** Like `readAmount`, for a field that may be absent. */
export function readOptionalAmount(
  value: number | string | undefined,
  asset: Asset,
  field = 'amount',
): Result<bigint | undefined> {
  return value === undefined ? ok(undefined) : readAmount(value, asset, field);
}

/**
 * Reads an RFC 3339 time, in Unix milliseconds. The schema has checked its form; a day that does
 * not exist is `invalid_field`.
 */
export function readTime(value: string, field: string): Result<number> {
  const atMs = parseMoment(value);
  return atMs === undefined
    ? refuse(apiProblems.invalid_field(`${field} is not a time that exists.`, { field }))
    : ok(atMs);
}

/**
 * Reads a calendar day. The schema has checked its form; a day that does not exist is
 * `invalid_field`.
 */
export function readDay(value: string, field: string): Result<string> {
  return isDay(value)
    ? ok(value)
    : refuse(apiProblems.invalid_field(`${field} is not a day that exists.`, { field }));
}
