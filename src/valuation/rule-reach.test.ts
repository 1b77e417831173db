// The platforms between which a rule can apply are the same when groups are evaluated and when each
// pair is evaluated.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { seedOf } from '../../test/fixtures/seed.ts';
import { createConditionCompiler, holds, isFault, type Condition } from './conditions.ts';
import { isEverywhere, visitPairs, type Reach } from './rule-reach.ts';

const PLATFORMS = ['aaa', 'aab', 'bbb', 'bcc', 'ccc'];
const compile = createConditionCompiler();

function conditionOf(text: string): Condition {
  const made = compile(text);
  if (isFault(made)) throw new Error(`${text}: ${made.message}`);
  return made;
}

function visited(condition: Condition): Record<string, Reach> {
  const found: Record<string, Reach> = {};
  visitPairs(
    condition,
    PLATFORMS,
    (from, to, reach) => (found[`${PLATFORMS[from]} ${PLATFORMS[to]}`] = reach),
  );
  return found;
}

/** By the definition. */
function asked({ fixed }: Condition): Record<string, Reach> {
  const found: Record<string, Reach> = {};
  for (const source of PLATFORMS) {
    for (const target of PLATFORMS.filter((one) => one !== source)) {
      try {
        if (holds(fixed, { operation: 'conversion', source, target }))
          found[`${source} ${target}`] = 'always';
      } catch {
        found[`${source} ${target}`] = 'at times';
      }
    }
  }
  return found;
}

const atom = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('source', 'target'),
      fc.constantFrom('==', '!='),
      fc.constantFrom(...PLATFORMS, 'nobody'),
    )
    .map(([side, op, name]) => `${side} ${op} "${name}"`),
  fc
    .tuple(fc.constantFrom('source', 'target'), fc.subarray([...PLATFORMS, 'nobody']))
    .map(([side, names]) => `${side} in [${names.map((name) => `"${name}"`).join(', ')}]`),
  fc.constantFrom(
    'source < target',
    'source == target',
    'source.startsWith("a")',
    'target.size() > 2',
    'operation == "conversion"',
    'source.substring(9) == "a"',
    'amount > 5.0',
  ),
);
const condition = fc
  .array(
    fc
      .array(
        fc.tuple(fc.boolean(), atom).map(([not, text]) => (not ? `!(${text})` : text)),
        { minLength: 1, maxLength: 3 },
      )
      .map((list) => `(${list.join(' || ')})`),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) => list.join(' && '));

it('is the same as when each pair is asked', () => {
  fc.assert(
    fc.property(condition, (text) => {
      const made = conditionOf(text);
      expect(visited(made)).toEqual(asked(made));
    }),
    { seed: seedOf('rule-reach'), numRuns: 2_000 },
  );
});

it('is everywhere only where nothing is asked about platforms', () => {
  expect(isEverywhere(conditionOf('amount > 5.0'))).toBe(true);
  expect(isEverywhere(conditionOf('amount > 5.0 && source == "aaa"'))).toBe(false);
});
