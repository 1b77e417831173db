// JSON as it was written: refuses numbers that JavaScript would silently round, names that occur
// twice in an object (RFC 7493, 2.3), and bytes that are not UTF-8.

import { isUtf8 } from 'node:buffer';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { apiProblems } from './problems.ts';

/**
 * Sixteen digits or an exponent: only then can a literal differ from what it is read as, and only
 * then is it compared.
 */
const SUSPECT = /[\d.]{16}|\d[eE]/;

/** JSON.parse as ECMAScript 2026 has it: the reviver also gets the literal as it was written. */
type SourceReviver = (
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

/**
 * Bytes → value. An empty body counts as an empty object, so that optional bodies may be left out.
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

/** How many members the objects of a valid text have: each has one colon outside of strings. */
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

/** How many members are left once a later one has taken the place of an earlier one of its name. */
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
