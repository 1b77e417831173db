// Whether a change may become a version: applied to the version approved last, well formed, of
// registered platforms, without arbitrage. Text goes in and text comes out, so that it can be done
// in a thread. Pure.

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
 * A whole document, only the items that change (null takes one out), or the differences that a
 * proposal keeps.
 */
export type WantedChange =
  | { readonly document: unknown }
  | { readonly patch: RulebookPatch }
  | { readonly changes: readonly Change[] };

export interface CheckInput {
  /** JSON of the version approved last. */
  readonly latest: string;
  /** JSON of a `WantedChange`. */
  readonly change: string;
  readonly platformIds: readonly string[];
}

/** A change that may become a version, as JSON texts. */
export interface CheckedChange {
  /** A list of `Change`. */
  readonly changes: string;
  /** A list of text: the same for people. */
  readonly lines: string;
  /** The whole rulebook that comes of it. */
  readonly document: string;
}

/** Most faults, or platforms, that are told at once. */
const MOST_TOLD = 50;

export function checkChange({
  latest: latestText,
  change,
  platformIds,
}: CheckInput): Result<CheckedChange> {
  const latest = JSON.parse(latestText) as RulebookDocument;
  const next = applied(latest, JSON.parse(change) as WantedChange);
  if (!next.ok) return next;
  // Before anything is compiled: what is looked at is bounded by who takes part.
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
 * The problem with a document that names platforms which nobody registered; what is no document at
 * all is told by the compiler.
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
 * All faults in order, each with its place; the first one also in words, with the characters of an
 * expression counted from 1.
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
