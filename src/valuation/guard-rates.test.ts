// Under which rulebooks points can be multiplied: what the guard refuses, and no conversion gives
// more than the guard assumes.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  documentWith,
  factsOf,
  NOON,
  rowsOf,
  rulebookOf,
  SCALES,
} from '../../test/fixtures/rule-table.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import { compareRatio, formatRatio, multiplyRatio, type Ratio } from '../kernel/amount.ts';
import type { PlatformId } from '../kernel/ids.ts';
import { evaluateConversion } from './evaluate-rules.ts';
import { bestFactor, guardRates } from './guard-rates.ts';
import type { RulebookDocument } from './rulebook-schema.ts';

const seed = seedOf('guard-rates');
const [A, B, C] = ['platform_a', 'platform_b', 'platform_c'] as PlatformId[] as [
  PlatformId,
  PlatformId,
  PlatformId,
];
const AB = 'source == "platform_a" && target == "platform_b"';

/**
 * Path and ways of the problem, with the platforms' last letters; `sound` when there is no problem.
 */
function judge(rules: string, settings: Partial<RulebookDocument['settings']> = {}): string {
  const problem = guardRates(rulebookOf(documentWith(rules, settings)));
  if (problem === undefined) return 'sound';
  expect(problem.code).toBe('arbitrage');
  return (problem.extra['path'] as string[])
    .map((platform) => platform.replace('platform_', ''))
    .join('→');
}

describe('a rulebook', () => {
  it.each(
    rowsOf(`
    what                                             | rules                                                                                            | verdict
    of the value model alone                         |                                                                                                  | sound
    with a rate above it and a way back              | r1 rate ×1.01 if ${AB}                                                                           | a→b→a
    with a rate below it                             | r1 rate ×0.99 if ${AB}                                                                           | a→c→b
    with all rates below it, a detour costs more     | r1 rate ×0.99                                                                                    | sound
    with an absolute rate above it                   | r1 rate 0.84 if ${AB}                                                                            | a→b→a
    with an absolute rate above 1 for all pairs      | r1 rate 1.01                                                                                     | a→b→a
    with a rate above it that holds at times         | r1 rate ×1.01 if ${AB} && hour == 3                                                              | a→b→a
    with one that has a window                       | r1 rate ×1.01 from 03 until 04 if ${AB}                                                            | a→b→a
    with one that a better one comes before          | r1 rate ×0.5 @1; r2 rate ×2 @2                                                                   | sound
    with one that another one comes before at times  | r1 rate ×0.5 @1 if hour < 3; r2 rate ×1.1 @2                                                     | a→b→a
    with fees that take what a rate gives            | r1 rate ×1.1; f1 fee 10% source                                                                  | sound
    with fees that take less                         | r1 rate ×1.1; f1 fee 9% source                                                                   | a→b→a
    with fees of the target                          | r1 rate ×1.1; f1 fee 10% target                                                                  | sound
    with fees at times: they count as none           | r1 rate ×1.1; f1 fee 50% source if hour < 3                                                      | a→b→a
    with fees that have a window                     | r1 rate ×1.1; f1 fee 50% source until 13                                                         | a→b→a
    with fees that have a maximum                    | r1 rate ×1.1; f1 fee 50% source max 1000                                                         | a→b→a
    with flat fees: they are not looked at           | r1 rate ×1.1; f1 fee source flat 1000                                                            | a→b→a
    with a fee that a lower one may come before      | r1 rate ×1.1; f1 fee 1% source @1 if hour < 3; f2 fee 50% source @2                              | a→b→a
    with a fee that a higher one may come before     | r1 rate ×1.1; f1 fee 60% source @1 if hour < 3; f2 fee 50% source @2                             | sound
    with a bonus                                     | b1 bonus 1% by target                                                                            | a→b→a
    with a bonus at times                            | b1 bonus 1% by source if "vip" in tags                                                           | a→b→a
    with a bonus that fees take                      | b1 bonus 10% by target; f1 fee 10% source                                                        | sound
    with a bonus that is a maximum                   | b1 bonus 50% by target max 1                                                                     | a→b→a
    with the first of two bonuses                    | b1 bonus 10% by target @1; b2 bonus 50% by target @2; f1 fee 10% source                          | sound
  `),
  )('%s: %s → %s', (_what, rules = '', verdict) => {
    expect(judge(rules)).toBe(verdict);
  });

  it.each(
    rowsOf(`
    what                             | rules                                                                     | verdict
    fees add up                      | r1 rate ×1.1; f1 fee 5% source; f2 fee 5% source                          | sound
    fees at times do not             | r1 rate ×1.1; f1 fee 5% source; f2 fee 5% source if hour < 3              | a→b→a
    fees that come to more than all  | r1 rate ×9; f1 fee 60% source; f2 fee 60% source                          | sound
    and of the target                | r1 rate ×9; f1 fee 60% target; f2 fee 60% target                          | sound
    bonuses add up                   | b1 bonus 5% by target; b2 bonus 6% by source; f1 fee 10% source           | sound
    also those at times              | b1 bonus 5% by target; b2 bonus 7% by source if hour < 3; f1 fee 10% source | a→b→a
  `),
  )('with all fees and bonuses, %s: %s → %s', (_what, rules = '', verdict) => {
    expect(judge(rules, { fees: 'all', bonuses: 'all' })).toBe(verdict);
  });

  it('a detour may be better by the tolerance, a circle may not gain anything', () => {
    expect(judge(`r1 rate ×0.99 if ${AB}`, { detour_tolerance: '0.02' })).toBe('sound');
    expect(judge(`r1 rate ×0.97 if ${AB}`, { detour_tolerance: '0.02' })).toBe('a→c→b');
    expect(judge(`r1 rate ×1.0001 if ${AB}`, { detour_tolerance: '1' })).toBe('a→b→a');
  });

  it('says what the circle makes', () => {
    expect(guardRates(rulebookOf(documentWith(`r1 rate ×1.25 if ${AB}`)))?.detail).toContain(
      'The cycle platform_a → platform_b → platform_a turns each unit of value into 1.25.',
    );
  });
});

it('the best factor of a conversion is what its rules come to', () => {
  const rulebook = rulebookOf(
    documentWith(
      `r1 rate ×1.5 if ${AB}; f1 fee 10% source; b1 bonus 20% by target if "vip" in tags`,
    ),
  );
  expect([
    formatRatio(bestFactor(rulebook, A, B)),
    formatRatio(bestFactor(rulebook, B, A)),
    formatRatio(bestFactor(rulebook, C, B)),
  ]).toEqual(['1.62', '1.08', '1.08']);
});

describe('the best factor', () => {
  const percent = fc.integer({ min: 0, max: 100 }).map((hundredths) => `${hundredths}%`);
  const when = fc.constantFrom(
    '',
    '',
    ' if hour < 3',
    ' if "vip" in tags',
    ' if amount > 50.0',
    ` if ${AB}`,
    ' if source != "platform_a" || hour == 12',
    ' from 12',
    ' until 13',
    ' from 13',
  );
  const priority = fc.constantFrom('', ' @1', ' @2', ' @2000');
  const bounds = fc.constantFrom('', ' max 3', ' min 1', ' min 1 max 20');
  const side = fc.constantFrom('source', 'target');
  const rule = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('rate ×0.5', 'rate ×1.01', 'rate ×3', 'rate 0.7', 'rate 2.5'),
        priority,
        when,
      )
      .map((parts) => parts.join('')),
    fc
      .tuple(percent, side, bounds, priority, when)
      .map(([share, on, bound, ...rest]) => `fee ${share} ${on}${bound}${rest.join('')}`),
    fc
      .tuple(percent, side, fc.constantFrom('', ' max 5'), priority, when)
      .map(([share, by, bound, ...rest]) => `bonus ${share} by ${by}${bound}${rest.join('')}`),
  );
  const which = fc.constantFrom('first' as const, 'all' as const);

  it('is a bound: no conversion gives more than it, times the model, times the amount', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 6 }),
        which,
        which,
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.constantFrom(NOON, NOON - 10 * 3_600_000, NOON + 3_600_000),
        fc.constantFrom<string[]>([], ['vip']),
        fc.constantFrom(B, C),
        (rules, fees, bonuses, amount, atMs, tags, target) => {
          const rulebook = rulebookOf(
            documentWith(rules.map((line, index) => `rule${index} ${line}`).join(';'), {
              fees,
              bonuses,
            }),
          );
          const outcome = evaluateConversion(
            rulebook,
            { ...factsOf({ atMs, tags, target }), amount },
            SCALES,
          );
          if (outcome.type === 'refuse') throw new Error('nothing refuses here');
          const { model } = rulebook.between('conversion', A, target, SCALES);
          const best = multiplyRatio(multiplyRatio(bestFactor(rulebook, A, target), model.rate), {
            numerator: amount,
            denominator: 1n,
          });
          expect(
            compareRatio({ numerator: outcome.terms.credited, denominator: 1n }, best),
          ).toBeLessThanOrEqual(0);
        },
      ),
      { seed, numRuns: 3_000 },
    );
  });

  it('is reached where nothing depends on the transaction', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(percent, side), { maxLength: 3 }),
        fc.array(percent, { maxLength: 2 }),
        which,
        which,
        (feeRules, bonusRules, fees, bonuses) => {
          const lines = [
            ...feeRules.map(([share, on]) => `fee ${share} ${on}`),
            ...bonusRules.map((share) => `bonus ${share} by target`),
          ];
          const rulebook = rulebookOf(
            documentWith(lines.map((line, index) => `rule${index} ${line}`).join(';'), {
              fees,
              bonuses,
            }),
          );
          // Large enough that rounding does not matter.
          const amount = 6n * 10n ** 14n;
          const outcome = evaluateConversion(rulebook, { ...factsOf(), amount }, SCALES);
          if (outcome.type === 'refuse') throw new Error('nothing refuses here');
          const given: Ratio = {
            numerator: outcome.terms.credited * 12n,
            denominator: amount * 10n,
          };
          expect(formatRatio(given, 6)).toBe(formatRatio(bestFactor(rulebook, A, B), 6));
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});
