// Decides whether a change can become a version: it is applied to the version approved last, and
// the result must be well formed, without unregistered platforms and without arbitrage. Input and
// output are texts, so that this can run in a thread. Pure.

import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import { compileRulebook } from './compile-rulebook.ts';
import { applyChanges, describeChange, diffRulebooks } from './diff-rulebooks.ts';
import { guardRates } from './guard-rates.ts';
import { applyPatch, type RulebookPatch } from './patch-rulebook.ts';
import { valuationProblems } from './problems.ts';
import { Rulebook } from './rulebook.ts';
import type { RulebookDocument } from './rulebook-schema.ts';
import type { Change, Fault } from './types.ts';

/**
 * A wanted change: a whole document, only the items that change (null removes one), or the
 * differences that a proposal stores.
 */
export type WantedChange =
  | { readonly document: unknown }
  | { readonly patch: RulebookPatch }
  | { readonly changes: readonly Change[] };

/** Input of `checkChange`. */
export interface CheckInput {
  /** JSON of the version approved last. */
  readonly latest: string;
  /** JSON of a `WantedChange`. */
  readonly change: string;
  readonly platformIds: readonly string[];
}

/** A change that can become a version, as JSON texts. */
export interface CheckedChange {
  /** A list of `Change`. */
  readonly changes: string;
  /** A list of texts: the same changes for people. */
  readonly lines: string;
  /** The whole rulebook after the change. */
  readonly document: string;
}

/** Most faults or platforms that one problem lists. */
const MOST_TOLD = 50;

/**
 * Refuses with `proposal_conflict`, `platforms_not_registered`, `invalid_rulebook` or `arbitrage`.
 */
export function checkChange({
  latest: latestText,
  change,
  platformIds,
}: CheckInput): Result<CheckedChange> {
  const latest = JSON.parse(latestText) as RulebookDocument;
  const next = applied(latest, JSON.parse(change) as WantedChange);
  if (!next.ok) return next;
  // Checked before compiling: the cost of compiling is bounded by the number of registered
  // platforms.
  const unknown = refuseUnknown(
    next.value,
    new Set([...platformIds, ...Object.keys(latest.platforms)]),
  );
  if (unknown !== undefined) return refuse(unknown);
  const compiled = compileRulebook(next.value);
  if (!compiled.ok) return refuse(invalid(compiled.faults));
  const gain = guardRates(new Rulebook(0, compiled.rulebook, undefined));
  if (gain !== undefined) return refuse(gain);
  const { document } = compiled.rulebook;
  const changes = diffRulebooks(latest, document);
  return ok({
    changes: JSON.stringify(changes),
    lines: JSON.stringify(changes.flatMap(describeChange)),
    document: JSON.stringify(document),
  });
}

function applied(latest: RulebookDocument, wanted: WantedChange): Result<unknown> {
  if ('document' in wanted) return ok(wanted.document);
  if ('patch' in wanted) return ok(applyPatch(latest, wanted.patch));
  const made = applyChanges(latest, wanted.changes);
  return made.ok
    ? ok(made.document)
    : refuse(
        valuationProblems.proposal_conflict(undefined, {
          items: made.conflicts.map(({ item }) => item),
        }),
      );
}

/**
 * The problem with a document that lists unregistered platforms. A value that is not a document at
 * all is left to the compiler.
 */
export function refuseUnknown(document: unknown, known: ReadonlySet<string>): Problem | undefined {
  const platforms: unknown =
    typeof document === 'object' && document !== null && 'platforms' in document
      ? document.platforms
      : undefined;
  if (typeof platforms !== 'object' || platforms === null) return undefined;
  const unknown = Object.keys(platforms).filter((platformId) => !known.has(platformId));
  if (unknown.length === 0) return undefined;
  const told = unknown.slice(0, MOST_TOLD).map((platformId) => platformId.slice(0, 80));
  const words =
    unknown.length === 1
      ? `${told[0]} is not registered.`
      : `${unknown.length} platforms are not registered, ${told[0]} among them.`;
  return valuationProblems.platforms_not_registered(words, { platforms: told });
}

/**
 * The problem with all faults in order, each with its place. The detail describes the first fault;
 * it counts the characters of an expression from 1.
 */
export function invalid(faults: readonly Fault[]): Problem {
  const [first] = faults;
  const characters =
    first?.start === undefined ? '' : ` (characters ${first.start + 1} to ${first.end})`;
  const words =
    first === undefined
      ? undefined
      : `${first.place}${first.place === '' ? 'The document' : ':'} ${first.message}${characters}.`;
  return valuationProblems.invalid_rulebook(words, { faults: faults.slice(0, MOST_TOLD) });
}
