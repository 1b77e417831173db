// The answers of a connected platform and their reading: exact amounts, and every field checked.

import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';

import { parseAmount } from '../kernel/amount.ts';
import { CONNECTOR_SCALE } from './types.ts';

/** Bound of a sum over a whole platform. */
const MAX_SUM_MINOR = 10n ** 24n;

/** Fields whose numbers are kept as they were written: a double would round a long one. */
const DECIMAL_FIELDS = new Set(['amount', 'effect', 'balance', 'total_points']);

/** As it is read: a number of an answer has become the text that was written. */
export const Decimal = Type.String({ minLength: 1, maxLength: 40 });
const Id = Type.String({ minLength: 1, maxLength: 128 });

/** 200 to deduct, add and reverse. */
export const StepBody = Type.Object({
  success: Type.Literal(true),
  transaction_id: Id,
  balance: Type.Optional(Decimal),
  user_id: Type.Optional(Type.String()),
  amount: Type.Optional(Decimal),
});
/** Any refusal. */
export const ErrorBody = Type.Object({ error: Type.String({ minLength: 1 }) });
/**
 * 404 to a transaction look-up: the body says so itself, so that a wrong address never reads as
 * "not applied".
 */
export const UnknownTransactionBody = Type.Object({
  error: Type.String({ minLength: 1 }),
  state: Type.Literal('unknown'),
});
export const TransactionBody = Type.Object({
  transaction_id: Id,
  state: Type.Union([Type.Literal('applied'), Type.Literal('refused'), Type.Literal('reversed')]),
  operation: Type.Union([Type.Literal('deduct'), Type.Literal('add'), Type.Null()]),
  user_id: Id,
  amount: Decimal,
  effect: Decimal,
});
export const UserBody = Type.Object({ user_id: Id, balance: Decimal });
export const TotalBody = Type.Object({ total_points: Decimal });
export const StatementBody = Type.Object({
  entries: Type.Array(
    Type.Object({
      transaction_id: Id,
      operation: Type.Union([
        Type.Literal('deduct'),
        Type.Literal('add'),
        Type.Literal('reverse'),
        Type.Literal('other'),
      ]),
      user_id: Id,
      amount: Decimal,
      effect: Decimal,
    }),
  ),
  next_cursor: Type.String({ maxLength: 512 }),
  more: Type.Boolean(),
});
export const HealthBody = Type.Object({ status: Type.String() });

type SourceReviver = (
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

const keepSource: SourceReviver = (key, read, { source }) =>
  typeof read === 'number' && source !== undefined && DECIMAL_FIELDS.has(key) ? source : read;

/**
 * A number in an object that a double may not reproduce as it was written: of more than 15 digits,
 * or with an exponent. Rare; reading with sources takes ten times as long.
 */
const LONG_NUMBER = /:\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

/** Decimal fields of a parsed body as text, in place. */
function writeDecimals(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (typeof field === 'object') writeDecimals(field);
    else if (typeof field === 'number' && DECIMAL_FIELDS.has(key)) fields[key] = String(field);
  }
  return value;
}

/**
 * A reader of one kind of body: returns the value, or undefined when the text is not such a body.
 */
export function createReader<Schema extends TSchema>(
  schema: Schema,
): (text: string) => Static<Schema> | undefined {
  const validator = Compile(schema);
  return (text) => {
    try {
      const value = LONG_NUMBER.test(text)
        ? parseWithSource(text, keepSource)
        : writeDecimals(JSON.parse(text));
      return validator.Check(value) ? (value as Static<Schema>) : undefined;
    } catch {
      return undefined;
    }
  };
}

/**
 * Decimal text of an answer → minor units; undefined when it is not a decimal or has too many
 * decimals.
 */
export function readPoints(text: string): bigint | undefined {
  const minor = parseAmount(text, CONNECTOR_SCALE, MAX_SUM_MINOR);
  return typeof minor === 'bigint' ? minor : undefined;
}
