// Turns one row of an earnings file into an earning, or into a sentence about its fault. Pure.

import { isUserId, MAX_USER_ID_LENGTH } from '../identity/identity.ts';
import { MAX_AMOUNT_MINOR } from '../kernel/amount.ts';
import { isDay } from '../kernel/time.ts';

/** Column names of the file, by their meaning. */
export interface ColumnMap {
  readonly user: string;
  readonly amount: string;
  readonly reference: string;
  readonly occurred_at?: string;
}

export interface Earning {
  readonly userId: string;
  /** Minor units of points; negative for a cancellation. */
  readonly amount: bigint;
  readonly reference: string;
  readonly occurredAtMs: number | undefined;
}

const MEANINGS = ['user', 'amount', 'reference', 'occurred_at'] as const;
const MAX_REFERENCE_CHARACTERS = 128;

/**
 * Reads `user=customer_id,amount=total,reference=invoice_no`; returns a sentence about a fault.
 */
export function parseMap(text: string): ColumnMap | string {
  const columns = new Map<string, string>();
  for (const part of text.split(',')) {
    const [meaning = '', ...rest] = part.split('=');
    const column = rest.join('=').trim();
    if (!MEANINGS.some((known) => known === meaning.trim()))
      return `"${meaning.trim()}" means nothing; use ${MEANINGS.join(', ')}.`;
    if (column === '') return `"${meaning.trim()}" names no column.`;
    if (columns.has(meaning.trim())) return `"${meaning.trim()}" is named twice.`;
    columns.set(meaning.trim(), column);
  }
  const [user, amount, reference, occurredAt] = MEANINGS.map((meaning) => columns.get(meaning));
  if (user === undefined || amount === undefined || reference === undefined)
    return 'user, amount and reference must each name a column.';
  return {
    user,
    amount,
    reference,
    ...(occurredAt === undefined ? {} : { occurred_at: occurredAt }),
  };
}

export type ParseRow = (fields: readonly string[]) => Earning | string;

/** Finds the columns in the header, or returns a sentence if one is missing or ambiguous. */
export function createRowParser(
  header: readonly string[],
  map: ColumnMap,
  scale: number,
): ParseRow | string {
  const names = header.map((name) => name.trim());
  const indexes: number[] = [];
  for (const column of [
    map.user,
    map.amount,
    map.reference,
    ...(map.occurred_at === undefined ? [] : [map.occurred_at]),
  ]) {
    const index = names.indexOf(column);
    if (index === -1) return `The header has no column "${column}"; it has ${names.join(', ')}.`;
    if (names.includes(column, index + 1)) return `The header has the column "${column}" twice.`;
    indexes.push(index);
  }
  return (fields) => {
    const [user = '', ...others] = indexes.map((index) => fields[index] ?? '');
    // The user has exactly this id in the API, so nothing is trimmed.
    if (user === '') return 'has no user';
    if (!isUserId(user))
      return `has a user of more than ${MAX_USER_ID_LENGTH} characters or with control characters`;
    const [amountText = '', reference = '', occurred] = others.map((field) => field.trim());
    const fault = faultOfReference(reference);
    if (fault !== undefined) return fault;
    const amount = floorToScale(amountText, scale);
    if (typeof amount === 'string') return amount;
    const occurredAtMs =
      occurred === undefined || occurred === '' ? undefined : parseMoment(occurred);
    return typeof occurredAtMs === 'string'
      ? occurredAtMs
      : { userId: user, amount, reference, occurredAtMs };
  };
}

function faultOfReference(text: string): string | undefined {
  if (text === '') return 'has no reference';
  if ([...text].length > MAX_REFERENCE_CHARACTERS)
    return `has a reference of more than ${MAX_REFERENCE_CHARACTERS} characters`;
  // Bytes that are not UTF-8 are decoded to U+FFFD.
  return /[\p{Cc}\uFFFD]/u.test(text)
    ? 'has a reference with characters that are not text'
    : undefined;
}

/**
 * One point for each unit of currency. Digits beyond the scale are dropped, toward zero for both
 * signs, so that a cancellation takes back exactly the points of a purchase of that amount.
 */
export function floorToScale(text: string, scale: number): bigint | string {
  const match = /^([+-]?)(\d{1,30})(?:\.(\d{0,30}))?$/.exec(text);
  if (match === null) return `has the amount "${text.slice(0, 40)}", which is not a decimal number`;
  const [, sign, whole = '', fraction = ''] = match;
  const minor = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  if (minor > MAX_AMOUNT_MINOR)
    return `has the amount ${text}, which is larger than 10^15 minor units`;
  return sign === '-' ? -minor : minor;
}

/**
 * Reads ISO 8601 or `YYYY-MM-DD HH:MM[:SS]`, in UTC if it names no offset. Returns milliseconds, or
 * a sentence about the fault.
 */
export function parseMoment(text: string): number | string {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(
      text,
    );
  const wrong =
    `has the time "${text.slice(0, 40)}", which is not a date such as 2026-01-31 or 2026-01-31 ` +
    '23:59:00';
  if (match === null) return wrong;
  const [, day = '', minute = '00:00', second = '00', fraction = '0', offset = 'Z'] = match;
  // Date.parse turns 30 February into March.
  if (!isDay(day)) return wrong;
  const zone = offset === 'Z' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(-2)}`;
  const atMs = Date.parse(
    `${day}T${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`,
  );
  return Number.isNaN(atMs) ? wrong : atMs;
}
