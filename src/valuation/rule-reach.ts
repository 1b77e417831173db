// Finds the platforms between which a rule can apply, for all pairs at once. A condition is
// evaluated once for each group of platforms that it cannot tell apart, not once for each pair.
// Pure.

import { holds, type Condition, type Names } from './conditions.ts';

/**
 * Whether a rule applies between two platforms. `at times`: the rest of its condition depends on
 * the transaction.
 */
export type Reach = 'never' | 'always' | 'at times';

/** One part of a condition, with its result for each group of sources and each group of targets. */
interface Part {
  /** The group of each platform, by index. */
  readonly groupOfSource: Int32Array;
  readonly groupOfTarget: Int32Array;
  readonly asksTarget: boolean;
  /** Undefined where it has not been evaluated yet. */
  readonly reaches: (Reach | undefined)[];
  readonly width: number;
  ask(source: string, target: string): Reach;
}

/** True for a rule that can apply between any two platforms. */
export function isEverywhere({ fixed }: Condition): boolean {
  return fixed.length === 0;
}

/**
 * Visits each ordered pair of different platforms, by index, unless the rule's conditions on
 * platforms exclude the pair.
 */
export function visitPairs(
  { fixed, named }: Condition,
  platforms: readonly string[],
  visit: (from: number, to: number, reach: Reach) => void,
): void {
  const parts = fixed.map((program, index): Part => {
    const { source, target } = named[index] ?? { source: 'all', target: 'all' };
    const [sources, targets] = [groupsOf(source, platforms), groupsOf(target, platforms)];
    return {
      groupOfSource: sources.of,
      groupOfTarget: targets.of,
      asksTarget: targets.count > 1,
      reaches: [],
      width: targets.count,
      ask: (from, to) => askProgram(program, from, to),
    };
  });
  const [ofSource, ofBoth] = [
    parts.filter(({ asksTarget }) => !asksTarget),
    parts.filter(({ asksTarget }) => asksTarget),
  ];
  for (let from = 0; from < platforms.length; from += 1) {
    const row = together(ofSource, 'always', platforms, from, from);
    if (row === 'never') continue;
    for (let to = 0; to < platforms.length; to += 1) {
      if (to === from) continue;
      const reach = together(ofBoth, row, platforms, from, to);
      if (reach !== 'never') visit(from, to, reach);
    }
  }
}

function together(
  parts: readonly Part[],
  before: Reach,
  platforms: readonly string[],
  from: number,
  to: number,
): Reach {
  let reach = before;
  for (const part of parts) {
    const place = part.groupOfSource[from]! * part.width + part.groupOfTarget[to]!;
    const own = (part.reaches[place] ??= part.ask(platforms[from]!, platforms[to]!));
    if (own === 'never') return own;
    if (own === 'at times') reach = own;
  }
  return reach;
}

/**
 * Evaluates one part. A part that fails is evaluated again at each transaction, and fails there.
 */
function askProgram(program: Condition['fixed'][number], source: string, target: string): Reach {
  try {
    return holds([program], { operation: 'conversion', source, target }) ? 'always' : 'never';
  } catch {
    return 'at times';
  }
}

/** One group for each named platform, and one group for all others. */
function groupsOf(
  names: Names,
  platforms: readonly string[],
): { readonly of: Int32Array; readonly count: number } {
  if (names === 'all')
    return { of: Int32Array.from(platforms, (_platform, index) => index), count: platforms.length };
  const named = new Set(names);
  let count = 1;
  const of = Int32Array.from(platforms, (platform) => (named.has(platform) ? count++ : 0));
  return { of, count };
}
