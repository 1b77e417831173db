// A rulebook or a part of one from a file, and what is wrong with it in words that show the place.

import { readFileSync } from 'node:fs';
import type { Problem } from '../kernel/problem.ts';
import { OperatorError, messageOf } from '../runtime/operator-error.ts';
import type { Fault, NewProposal, RulebookPatch } from '../valuation/valuation.ts';
import { operatorErrorOf } from './command-roots.ts';
import { printable } from './table.ts';

export interface FileChange {
  readonly change: NewProposal['change'];
  /** How the file was read, for people. */
  readonly readAs: string;
}

/** A file with all sections is a whole rulebook, another one a patch, unless that is said. */
export async function readChange(
  path: string,
  flags: { readonly whole?: true; readonly patch?: true },
): Promise<FileChange> {
  if (flags.whole && flags.patch)
    throw new OperatorError('usage', 'Give at most one of --whole and --patch.');
  const { INITIAL_RULEBOOK } = await import('../valuation/valuation.ts');
  const sections = Object.keys(INITIAL_RULEBOOK);
  const value = await readDocument(path);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OperatorError(
      'badInput',
      `${path} holds no sections of a rulebook (${sections.join(', ')}).`,
    );
  const whole =
    flags.whole ??
    (flags.patch !== true && sections.every((section) => Object.hasOwn(value, section)));
  return whole
    ? {
        change: { document: value },
        readAs: `${path} is read as a whole rulebook: what it does not have is taken out.`,
      }
    : {
        change: { patch: value as RulebookPatch },
        readAs: `${path} is read as a patch: what it does not have stays as it is.`,
      };
}

/** What a file of YAML or JSON says, whatever that is. */
export async function readDocument(
  path: string,
  unreadable: 'noInput' | 'badInput' = 'noInput',
): Promise<unknown> {
  const { readRulebookYaml } = await import('../valuation/valuation.ts');
  const reading = readRulebookYaml(readText(path, unreadable));
  if (!reading.ok)
    throw new OperatorError(
      'badInput',
      [`${path} cannot be read:`, ...reading.faults.map(lineOf)].join('\n'),
    );
  return reading.value;
}

function readText(path: string, unreadable: 'noInput' | 'badInput'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new OperatorError(unreadable, `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * A refusal for the person at the terminal: with all faults, and marks under the characters that
 * are meant.
 */
export function refusalOf(problem: Problem): OperatorError {
  const faults = problem.extra['faults'];
  if (!Array.isArray(faults)) return operatorErrorOf(problem);
  return new OperatorError(
    'badInput',
    [
      `${problem.error}: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}.`,
      ...(faults as Fault[]).flatMap(linesOfFault),
    ].join('\n'),
  );
}

function linesOfFault(fault: Fault): string[] {
  const { expression, start, end } = fault;
  if (expression === undefined) return [lineOf(fault)];
  if (start === undefined || end === undefined)
    return [lineOf(fault), ...expression.split('\n').map((line) => `    ${printable(line)}`)];
  // The line of the expression in which the marked part begins.
  const from = expression.lastIndexOf('\n', start - 1) + 1;
  const to = expression.indexOf('\n', from);
  const line = expression.slice(from, to < 0 ? undefined : to);
  const marks = '^'.repeat(Math.max(1, columnsOf(line.slice(start - from, end - from))));
  return [
    lineOf(fault),
    `    ${printable(line)}`,
    `    ${' '.repeat(columnsOf(line.slice(0, start - from)))}${marks}`,
  ];
}

function lineOf({ place, message }: Fault): string {
  return `  ${place === '' ? '' : `${printable(place)}: `}${printable(message)}`;
}

/**
 * How many columns a terminal gives to a text: two to ideographs, kana, hangul and full-width
 * forms.
 */
function columnsOf(text: string): number {
  return [...printable(text)].reduce(
    (sum, character) =>
      sum +
      (/[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u.test(
        character,
      )
        ? 2
        : 1),
    0,
  );
}
