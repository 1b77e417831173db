// JSON as it was written: refuses numbers that JavaScript would silently round, bytes that are not UTF-8, and keys that could reach a prototype.

import { isUtf8 } from 'node:buffer';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { apiProblems } from '../problems.ts';

/** Sixteen digits or an exponent: only then can a literal differ from what it is read as, and only then is it compared. */
const SUSPECT = /[\d.]{16}|\d[eE]/;

/** JSON.parse as ECMAScript 2026 has it: the reviver also gets the literal as it was written. */
type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

/** Bytes → value. An empty body counts as an empty object, so that optional bodies may be left out. */
export function parseExactJson(body: Buffer | undefined): Result<unknown> {
  if (body === undefined || body.length === 0) return ok({});
  if (!isUtf8(body)) return refuse(apiProblems.invalid_json('The body is not UTF-8.'));
  const text = body.toString('utf8');
  let inexact: string | undefined;
  try {
    const value: unknown = SUSPECT.test(text)
      ? parseWithSource(text, (key, parsed: unknown, { source }) => {
          if (typeof parsed === 'number' && source !== undefined && !survives(source, parsed)) inexact ??= key;
          return parsed;
        })
      : JSON.parse(text);
    return inexact === undefined ? ok(value) : refuse(apiProblems.inexact_number(`${inexact} has more digits than can be read exactly.`, { field: inexact }));
  } catch {
    // The parser's own message quotes the body.
    return refuse(apiProblems.invalid_json('The body is not valid JSON.'));
  }
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
