// Reads a rulebook, or a patch of one, from a file, and reports faults with their place in it.

import { readFileSync } from 'node:fs';
import type { Problem } from '../kernel/problem.ts';
import { OperatorError, messageOf } from '../runtime/operator-error.ts';
import type { Fault, NewProposal, RulebookPatch } from '../valuation/valuation.ts';
import { operatorErrorOf } from './command-roots.ts';
import { printable } from './table.ts';

export interface FileChange {
  readonly change: NewProposal['change'];
  /** Says whether the file was read as a whole rulebook or as a patch. */
  readonly readAs: string;
}

/** A file with all sections is a whole rulebook and any other a patch, unless an option says so. */
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
      `${path} has no section of a rulebook (${sections.join(', ')}).`,
    );
  const whole =
    flags.whole ??
    (flags.patch !== true && sections.every((section) => Object.hasOwn(value, section)));
  return whole
    ? {
        change: { document: value },
        readAs: `${path} is read as a whole rulebook: items that it does not have are removed.`,
      }
    : {
        change: { patch: value as RulebookPatch },
        readAs: `${path} is read as a patch: items that it does not have stay as they are.`,
      };
}

/** Reads any document from a file of YAML or JSON. */
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
 * Turns a refusal into an error for the person at the terminal, with all faults and with marks
 * under the characters at fault.
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
 * The number of columns that a text takes on a terminal: two for ideographs, kana, hangul and
 * full-width forms.
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
