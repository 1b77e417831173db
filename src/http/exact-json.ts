// Reads JSON exactly as it was written. Refuses numbers that JavaScript would silently round, names
// that occur twice in an object (RFC 7493, 2.3), and bytes that are not UTF-8.

import { isUtf8 } from 'node:buffer';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { apiProblems } from './problems.ts';

/**
 * Sixteen digits or an exponent. Only such a literal can differ from the number it is read as, so
 * only such a text is compared.
 */
const SUSPECT = /[\d.]{16}|\d[eE]/;

/** JSON.parse of ECMAScript 2026: the reviver also gets the literal from the text. */
type SourceReviver = (
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

/**
 * Bytes → value. An empty body counts as an empty object, so that callers may leave an optional
 * body out. Refuses with `invalid_json`, `inexact_number` or `duplicate_name`.
 */
export function parseExactJson(body: Buffer | undefined): Result<unknown> {
  if (body === undefined || body.length === 0) return ok({});
  if (!isUtf8(body)) return refuse(apiProblems.invalid_json('The body is not UTF-8.'));
  const text = body.toString('utf8');
  let inexact: string | undefined;
  try {
    const value: unknown = SUSPECT.test(text)
      ? parseWithSource(text, (key, parsed: unknown, { source }) => {
          if (typeof parsed === 'number' && source !== undefined && !survives(source, parsed))
            inexact ??= key;
          return parsed;
        })
      : JSON.parse(text);
    if (inexact !== undefined)
      return refuse(
        apiProblems.inexact_number(`${inexact} has more digits than can be read exactly.`, {
          field: inexact,
        }),
      );
    return membersWritten(text) === membersRead(value)
      ? ok(value)
      : refuse(apiProblems.duplicate_name());
  } catch {
    // The parser's own message quotes the body.
    return refuse(apiProblems.invalid_json('The body is not valid JSON.'));
  }
}

const [QUOTE, BACKSLASH, COLON] = [34, 92, 58];

/** How many members the objects of a valid text have: each member has one colon outside strings. */
function membersWritten(text: string): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (inString && code === BACKSLASH) at += 1;
    else if (!inString && code === COLON) count += 1;
  }
  return count;
}

/** How many members are left after later ones have replaced earlier ones of the same name. */
function membersRead(value: unknown): number {
  let count = 0;
  // A list rather than recursion: a body may be nested deeper than the stack.
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const parts: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += parts.length;
    for (const part of parts) open.push(part);
  }
  return count;
}

/** True when the literal and the number's shortest form are the same decimal. */
export function survives(literal: string, value: number): boolean {
  return Number.isFinite(value) && canonical(literal) === canonical(String(value));
}

/** Decimal text → digits without outer zeros, and the exponent of the last digit. */
function canonical(decimal: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(decimal);
  if (match === null) return decimal;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
