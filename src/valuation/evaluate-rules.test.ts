// Which rules count and what their result is, as tables; and no conversion makes or loses value
// under any rules.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defined,
  documentWith,
  factsOf,
  NOON,
  rowsOf,
  rulebookOf,
  SCALES,
  wordsOf,
} from '../../test/fixtures/rule-table.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import { divideRatio, multiplyRatio, parseRatio, scaleDown, type Ratio } from '../kernel/amount.ts';
import type { PlatformId } from '../kernel/ids.ts';
import { evaluateConversion, evaluateOperation } from './evaluate-rules.ts';
import type { OperationName, RulebookDocument, RuleTerms } from './rulebook-schema.ts';
import type { Terms } from './types.ts';

const seed = seedOf('evaluate-rules');

/** A ratio between whole units → a ratio between minor units. */
function perMinor(ratio: Ratio, from: number, to: number): Ratio {
  return {
    numerator: ratio.numerator * 10n ** BigInt(to),
    denominator: ratio.denominator * 10n ** BigInt(from),
  };
}

/**
 * 100 points from platform_a (multiplier 1.0) to platform_b (1.2) on a Monday at noon, by a user
 * with the tag vip, for gaming.
 */
function check(text: string, settings: Partial<RulebookDocument['settings']> = {}): void {
  it.each(rowsOf(text))('%s: %s → %s', (_what, rules = '', expected) => {
    expect(
      wordsOf(evaluateConversion(rulebookOf(documentWith(rules, settings)), factsOf(), SCALES)),
    ).toBe(expected);
  });
}

describe('of each kind', () =>
  check(`
  what                                     | rules                                                                              | comes to
  no rules: the value model                |                                                                                    | credited 83.33
  a deny refuses                           | d1 deny                                                                            | operation_denied d1
  the first deny by priority               | d1 deny @20; d2 deny @10                                                           | operation_denied d2
  equal priorities go by id                | d2 deny; d1 deny                                                                   | operation_denied d1
  a rule without priority has 1000         | d1 deny; d2 deny @999                                                              | operation_denied d2
  deny before review                       | v1 review @1; d1 deny @2                                                           | operation_denied d1
  review before rate, terms all the same   | v1 review; r1 rate 0.9                                                             | review v1, credited 90.00
  the first review                         | v2 review; v1 review                                                               | review v1, credited 83.33
  a rate replaces the model                | r1 rate 0.9                                                                        | credited 90.00
  a factor multiplies the model            | r1 rate ×1.1                                                                       | credited 91.66
  the first rate by priority               | r1 rate 0.9; r2 rate 0.8 @5                                                        | credited 80.00
  one that does not apply is passed over   | r1 rate 0.9 if amount > 100; r2 rate 0.8                                           | credited 80.00
  a fee of the source comes first          | f1 fee 10% source                                                                  | fee 10.00, credited 75.00
  a fee of the target comes last           | f1 fee 10% target                                                                  | gross 83.33, target fee 8.34, credited 74.99
  the first fee only                       | f1 fee 10% source; f2 fee 20% source                                               | fee 10.00, credited 75.00
  the first fee, on whichever side         | f2 fee 10% source; f1 fee 20% target                                               | gross 83.33, target fee 16.67, credited 66.66
  a flat fee                               | f1 fee source flat 4                                                               | fee 4.00, credited 80.00
  share and flat                           | f1 fee 10% source flat 2.5                                                         | fee 12.50, credited 72.91
  at least                                 | f1 fee 1% source min 5                                                             | fee 5.00, credited 79.16
  at most                                  | f1 fee 10% source max 5                                                            | fee 5.00, credited 79.16
  at least, of the target                  | f1 fee 1% target min 5                                                             | gross 83.33, target fee 5.00, credited 78.33
  at most, of the target                   | f1 fee 10% target max 5 flat 1                                                     | gross 83.33, target fee 5.00, credited 78.33
  never more than there is                 | f1 fee source flat 1000                                                            | fee 100.00, credited 0.00
  never more than there is, of the target  | f1 fee target min 1000                                                             | gross 83.33, target fee 83.33, credited 0.00
  a fee is rounded up                      | f1 fee 0.999% source                                                               | fee 1.00, credited 82.50
  a bonus of the gross                     | b1 bonus 10% by target                                                             | gross 83.33, bonus 8.33, credited 91.66
  a bonus does not look at target fees     | b1 bonus 10% by source; f1 fee 50% target                                          | gross 83.33, target fee 41.67, bonus 8.33, credited 49.99
  a bonus at most                          | b1 bonus 10% by source max 2                                                       | gross 83.33, bonus 2.00, credited 85.33
  a flat bonus                             | b1 bonus by target flat 7                                                          | gross 83.33, bonus 7.00, credited 90.33
  the first bonus only                     | b2 bonus 1% by target; b1 bonus 10% by target                                      | gross 83.33, bonus 8.33, credited 91.66
  a limit that is kept                     | l1 limit 100 points                                                                | credited 83.33
  a limit that is broken                   | l1 limit 99.99 points                                                              | limit_exceeded l1
  every limit counts                       | l1 limit 100 points; l2 limit 0.99 value                                           | limit_exceeded l2
  a limit of count                         | l1 limit 0 count                                                                   | limit_exceeded l1
  a limit of another operation             | l1 limit 1 points on transfer                                                      | credited 83.33
  a limit of several operations            | l1 limit 1 points on transfer,conversion                                           | limit_exceeded l1
  deny before limit                        | l1 limit 1 points; d1 deny                                                         | operation_denied d1
  a limit also bounds what is reviewed     | l1 limit 1 points; v1 review                                                       | limit_exceeded l1
`));

describe('with all fees and bonuses', () =>
  check(
    `
  what                                     | rules                                                                              | comes to
  fees add up                              | f1 fee 10% source; f2 fee 5% source                                                | fee 15.00, credited 70.83
  each of the whole amount                 | f1 fee 60% source; f2 fee 60% source                                               | fee 100.00, credited 0.00
  on both sides                            | f1 fee 10% source; f2 fee 10% target                                               | fee 10.00, gross 75.00, target fee 7.50, credited 67.50
  on both sides, whatever their order      | f1 fee 10% target; f2 fee 10% source                                               | fee 10.00, gross 75.00, target fee 7.50, credited 67.50
  only those that apply                    | f1 fee 10% source if hour < 6; f2 fee 5% source                                    | fee 5.00, credited 79.16
  bonuses add up                           | b1 bonus 10% by target; b2 bonus 10% by source                                     | gross 83.33, bonus 16.66, credited 99.99
`,
    { fees: 'all', bonuses: 'all' },
  ));

describe('windows and conditions', () =>
  check(`
  what                                     | rules                                                                              | comes to
  from now on                              | d1 deny from 12                                                                    | operation_denied d1
  from later on                            | d1 deny from 13                                                                    | credited 83.33
  until now: not any more                  | d1 deny until 12                                                                   | credited 83.33
  until later                              | d1 deny until 13                                                                   | operation_denied d1
  within                                   | d1 deny from 11 until 13                                                           | operation_denied d1
  a window that is over is not evaluated   | d1 deny until 12 if tags[5] == "x"                                                 | credited 83.33
  of this pair                             | d1 deny if source == "platform_a" && target == "platform_b"                        | operation_denied d1
  of another pair                          | d1 deny if source == "platform_b" && target == "platform_a"                        | credited 83.33
  of this operation                        | d1 deny if operation == "conversion"                                               | operation_denied d1
  of this pair and amount                  | d1 deny if target == "platform_b" && amount >= 100                                 | operation_denied d1
  of this pair, of another amount          | d1 deny if target == "platform_b" && amount > 100                                  | credited 83.33
  of another pair, of this amount          | d1 deny if target == "platform_c" && amount >= 100                                 | credited 83.33
  of the pair or the amount                | d1 deny if target == "platform_c" || amount >= 100                                 | operation_denied d1
  by tag                                   | f1 fee 5% source if !("vip" in tags); f2 fee 1% source                             | fee 1.00, credited 82.50
  by category                              | d1 deny if category == "gaming"                                                    | operation_denied d1
  by worth                                 | d1 deny if value >= 1.0                                                            | operation_denied d1
  by worth, exactly                        | d1 deny if value > 1.0                                                             | credited 83.33
  by hour, day and weekday                 | d1 deny if hour == 12 && weekday == 1 && day == "2026-03-02"                       | operation_denied d1
  by time                                  | d1 deny if now >= timestamp("2026-03-02T12:00:00Z")                                | operation_denied d1
  one that fails refuses                   | d1 deny if tags[5] == "x"                                                          | rule_failed d1
  whatever its kind                        | b1 bonus 1% by target if tags[5] == "x"                                            | rule_failed b1
  also a limit                             | l1 limit 100 points if tags[5] == "x"                                              | rule_failed l1
  not when another part is false           | d1 deny if tags[5] == "x" && amount > 100                                          | credited 83.33
  nor when the other part is of the pair   | d1 deny if tags[5] == "x" && target == "platform_c"                                | credited 83.33
  nor when the failing part is of the pair | d1 deny if int(target) > 0 && amount > 100                                         | credited 83.33
  a failing part of the pair refuses       | d1 deny if int(target) > 0 && amount >= 100                                        | rule_failed d1
  not when an earlier one is the first     | f1 fee 1% source; f2 fee 2% source if tags[5] == "x"                               | fee 1.00, credited 82.50
`));

describe('what is no conversion', () => {
  it.each(
    rowsOf(`
    operation | rules                              | comes to
    transfer  | d1 deny                            | allow
    transfer  | d1 deny on transfer                | operation_denied d1
    transfer  | v1 review on transfer,conversion   | review v1
    redeem    | d1 deny on redeem,hold             | operation_denied d1
    hold      | l1 limit 99 points on hold         | limit_exceeded l1
    earn      | l1 limit 0.99 value on earn        | limit_exceeded l1
    transfer  | f1 fee 10% source                  | allow
  `),
  )('%s: %s → %s', (operation, rules = '', expected) => {
    const facts = factsOf({
      operation: operation as OperationName,
      target: 'platform_a' as PlatformId,
    });
    expect(wordsOf(evaluateOperation(rulebookOf(documentWith(rules)), facts, SCALES))).toBe(
      expected,
    );
  });
});

it('1000 of platform_a are 833.33 of platform_b', () => {
  const outcome = evaluateConversion(
    rulebookOf(documentWith('')),
    factsOf({ amount: '1000' }),
    SCALES,
  );
  expect(outcome).toMatchObject({
    type: 'allow',
    terms: { credited: 83_333n, rate: '0.83333333', owed: 100_000n, due: 99_999n, remainder: 1n },
  });
});

it('an explanation has a line for each rule that applied', () => {
  const rules =
    'd1 deny if hour < 6; v1 review if amount > 50; r1 rate ×1.1; f1 fee 1% source; b1 bonus ' +
    '5% by source; l1 limit 500 points';
  expect(
    evaluateConversion(rulebookOf(documentWith(rules)), factsOf(), SCALES, {
      explain: true,
    }).applied.map(({ item, kind, effect }) => `${kind} ${item}: ${effect}`),
  ).toEqual([
    'review rules/v1: v1 is not sure',
    'rate rules/r1: 0.91666666 instead of 0.83333333',
    'fee rules/f1: 1.00 source points kept (0.01 of the amount)',
    'bonus rules/b1: 4.53 target points added (0.05 of the amount), paid by source',
    'limit rules/l1: 100.00 of at most 500 points per transaction of member',
  ]);
});

it('locked terms are not asked for again, limits and refusals are', () => {
  const locked = { credited: 1n } as Terms;
  const rules = rulebookOf(documentWith('f1 fee 2% source if tags[5] == "x"; l1 limit 100 points'));
  expect(evaluateConversion(rules, factsOf(), SCALES, { locked })).toMatchObject({
    type: 'allow',
    terms: locked,
  });
  expect(wordsOf(evaluateConversion(rules, factsOf({ amount: '101' }), SCALES, { locked }))).toBe(
    'limit_exceeded l1',
  );
});

describe('value', () => {
  const decimal = fc
    .tuple(fc.integer({ min: 1, max: 10 ** 6 }), fc.integer({ min: 0, max: 6 }))
    .map(([digits, decimals]) => (digits / 10 ** decimals).toFixed(decimals));
  const share = fc
    .integer({ min: 0, max: 10_000 })
    .map((tenThousandths) => (tenThousandths / 10_000).toFixed(4));
  const side = fc.constantFrom('source' as const, 'target' as const);
  const some = fc.option(decimal, { nil: undefined });
  const rule: fc.Arbitrary<RuleTerms> = fc.oneof(
    decimal.map((rate) => ({ kind: 'rate' as const, rate })),
    decimal.map((factor) => ({ kind: 'rate' as const, factor })),
    fc
      .record({ rate: share, flat: some, on: side })
      .map((fee) => ({ kind: 'fee' as const, fee: defined(fee) }) as RuleTerms),
    fc
      .record({ rate: share, flat: some, maximum: some, paid_by: side })
      .map((bonus) => ({ kind: 'bonus' as const, bonus: defined(bonus) }) as RuleTerms),
  );
  const which = fc.constantFrom('first' as const, 'all' as const);
  const situation = fc.record({
    base: decimal,
    source: decimal,
    target: decimal,
    sourceScale: fc.integer({ min: 0, max: 6 }),
    targetScale: fc.integer({ min: 0, max: 6 }),
    fees: which,
    bonuses: which,
    rules: fc.array(rule, { maxLength: 5 }),
    amount: fc.bigInt({ min: 1n, max: 10n ** 15n }),
  });

  it('is conserved: what is taken is fee and what moves, what is owed is due and remainder', () => {
    fc.assert(
      fc.property(
        situation,
        ({ base, source, target, sourceScale, targetScale, fees, bonuses, rules, amount }) => {
          const plain = documentWith('', { fees, bonuses });
          const document = {
            ...plain,
            values: { base_value: base },
            platforms: { platform_a: { multiplier: source }, platform_b: { multiplier: target } },
            rules: Object.fromEntries(rules.map((terms, index) => [`rule${index}`, terms])),
          };
          const scales = {
            points: (id: PlatformId) => (id === 'platform_a' ? sourceScale : targetScale),
            settlement: 4,
          };
          const outcome = evaluateConversion(
            rulebookOf(document),
            { ...factsOf(), amount },
            scales,
          );
          if (outcome.type === 'refuse') throw new Error('nothing refuses here');
          const { fee, gross, targetFee, bonus, credited, owed, due, remainder } = outcome.terms;

          // In whole units, from the definition: the first rate rule, or else the value of one
          // point divided by the value of the other.
          const model = divideRatio(parseRatio(source), parseRatio(target));
          const first = rules.find((terms) => terms.kind === 'rate');
          const rate =
            first?.kind !== 'rate'
              ? model
              : first.rate === undefined
                ? multiplyRatio(model, parseRatio(first.factor ?? '1'))
                : parseRatio(first.rate);
          const worth = multiplyRatio(parseRatio(base), parseRatio(target));

          const moved = amount - fee;
          expect(fee >= 0n && moved >= 0n).toBe(true);
          const exact = perMinor(rate, sourceScale, targetScale);
          expect(
            gross * exact.denominator <= moved * exact.numerator &&
              moved * exact.numerator < (gross + 1n) * exact.denominator,
          ).toBe(true);
          expect(targetFee >= 0n && targetFee <= gross && bonus >= 0n).toBe(true);
          expect(credited).toBe(gross - targetFee + bonus);
          expect(remainder >= 0n).toBe(true);
          expect(owed).toBe(due + remainder);
          // The source pays the part of the bonus that its own rules give.
          const bonusWorth = due - scaleDown(gross, perMinor(worth, targetScale, 4));
          expect(owed - bonusWorth).toBe(
            scaleDown(moved, perMinor(multiplyRatio(rate, worth), sourceScale, 4)),
          );
          expect(
            bonusWorth >= 0n && bonusWorth <= scaleDown(bonus, perMinor(worth, targetScale, 4)),
          ).toBe(true);
          if (rules.every((terms) => terms.kind !== 'bonus' || terms.bonus.paid_by === 'target'))
            expect(bonusWorth).toBe(0n);
        },
      ),
      { seed, numRuns: 2_000 },
    );
  });

  it('of the same amount is the same at any time when no rule asks for the time', () => {
    const rulebook = rulebookOf(
      documentWith('f1 fee 1.5% source; r1 rate ×1.02 if tags == ["vip"]'),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (laterMs) => {
        expect(evaluateConversion(rulebook, factsOf({ atMs: NOON + laterMs }), SCALES)).toEqual(
          evaluateConversion(rulebook, factsOf(), SCALES),
        );
      }),
      { seed },
    );
  });
});
