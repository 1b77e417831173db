// Conditions: which ones are refused, with their place; and evaluating their parts at different
// times gives the result of the whole expression.

import { Environment } from '@marcbachmann/cel-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentWith, factsOf, NOON, rulebookOf, SCALES } from '../../test/fixtures/rule-table.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import { Calendar } from '../kernel/calendar.ts';
import type { PlatformId } from '../kernel/ids.ts';
import {
  createConditionCompiler,
  holdsWhole,
  isFault,
  RULE_VARIABLES,
  Variables,
} from './conditions.ts';
import { evaluateConversion } from './evaluate-rules.ts';

const seed = seedOf('conditions');
const compile = createConditionCompiler();
const variables = (facts = factsOf()): Variables =>
  new Variables(facts, new Calendar('UTC'), 2, Number(facts.amount) / 10_000);

describe('is refused', () => {
  it.each([
    ['amount > ', 'Unexpected token: EOF', ''],
    ['amount > 1.0 )', 'Unexpected character', ')'],
    ['hour < 6 && colour == "red"', 'Unknown variable: colour', 'colour'],
    ['amount > "100"', 'no such overload: double > string', 'amount > "100"'],
    ['hour == 1.5', 'no such overload: int == double', 'hour == 1.5'],
    ['source', 'gives string, not bool', undefined],
    ['1 + 1', 'gives int, not bool', undefined],
    ['source.matches("(a+)+$")', 'matches() is not available', 'source.matches("(a+)+$")'],
    ['amount > 1.0 && matches(source, "a")', 'found no matching overload', undefined],
    [
      'tags.exists(x, tags.exists(y, x == y))',
      'exists() inside another loop is not available',
      'tags.exists(y, x == y)',
    ],
    [
      '[1].all(x, [2].map(y, y + x) == [3])',
      'map() inside another loop is not available',
      '[2].map(y, y + x)',
    ],
    ['nothing(source)', 'found no matching overload', 'nothing(source)'],
    [
      `amount in [${Array.from({ length: 201 }, (_, index) => `${index}.0`).join(',')}]`,
      'Exceeded maxListElements',
      undefined,
    ],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, 'Exceeded maxDepth', undefined],
    [Array.from({ length: 200 }, () => 'hour == 1').join(' || '), 'Exceeded max', undefined],
  ])('%s', (text, message, characters) => {
    const made = compile(text);
    if (!isFault(made)) throw new Error('it is accepted');
    expect(made.message).toContain(message);
    if (characters !== undefined) expect(text.slice(made.start, made.end)).toBe(characters);
  });
});

it.each([
  ['operation == "conversion" && source == "platform_a" && target == "platform_b"', true],
  ['amount == 100.0 && value == 1.0', true],
  ['amount >= 100 && amount < 100.01', true],
  ['category in ["gaming", "travel"] && "vip" in tags && size(tags) == 1', true],
  ['day == "2026-03-02" && hour == 12 && weekday == 1 && reward == ""', true],
  ['now < timestamp("2026-03-02T12:00:00.001Z")', true],
  ['tags.exists(tag, tag.startsWith("v")) ? hour > 6 : false', true],
  ['!(source.endsWith("_a") || target.contains("b"))', false],
])('%s is %s', (text, expected) => {
  const made = compile(text);
  if (isFault(made)) throw new Error(made.message);
  expect(holdsWhole(made, variables())).toBe(expected);
});

it('an amount is exact against literals', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (minor) => {
      const digits = minor.toString().padStart(3, '0');
      const made = compile(`amount == ${digits.slice(0, -2)}.${digits.slice(-2)}`);
      expect(!isFault(made) && holdsWhole(made, variables({ ...factsOf(), amount: minor }))).toBe(
        true,
      );
    }),
    { seed },
  );
});

describe('in parts', () => {
  /**
   * Parts with a result for a pair, for words, or for a transaction; and parts that sometimes fail.
   */
  const atom = fc.constantFrom(
    'operation == "conversion"',
    'operation == "transfer"',
    'source == "platform_a"',
    'source == "platform_b"',
    'target.endsWith("_b")',
    'target in ["platform_a", "platform_c"]',
    'int(source) > 0',
    'source < target',
    'category == "gaming"',
    '"travel" != category',
    'category in ["gaming", ""]',
    '"vip" in tags',
    '"it\'s \\"so\\"\\\\" == category',
    'category in []',
    'category.size() > 6',
    'tags[1] == "gold"',
    'size(tags) == 0',
    'tags.exists(tag, tag == "gold")',
    'tags.all(source, source == "vip")',
    '["gaming"].exists(category, category == "gaming")',
    'amount > 100.0',
    'amount <= 100',
    'value < 1.0',
    'hour - 12 < -3',
    '60 / (hour - 12) > 10',
    'weekday in [6, 7]',
    'day < "2026-03-03"',
    'now >= timestamp("2026-03-02T12:00:00Z")',
    'true',
    '1 / 0 == 1',
    'hour - (weekday - 1) > 11',
    'amount / (value / 2.0) > 150.0',
    '(hour == 12) == (weekday == 1)',
    'amount > 100.0000000001',
    '-hour < -(11 - 2)',
    'category.startsWith(r"ga")',
    '{"gaming": 1}[category] == 1',
    'tags.map(tag, tag + "!") == ["vip!"]',
    'category.size() - -2 > 7',
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 2, arbitrary: atom },
      {
        weight: 4,
        arbitrary: fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `${a} && ${b}`),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} || ${b})`),
      },
      { weight: 1, arbitrary: tie('expression').map((a) => `!(${a})`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie('expression'), tie('expression'), tie('expression'))
          .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie('expression'), tie('expression'))
          .map(([a, b]) => `(${a}) == (${b})`),
      },
    ),
  }));
  const facts = fc.record({
    source: fc.constantFrom('platform_a', 'platform_b'),
    target: fc.constantFrom('platform_b', 'platform_c'),
    category: fc.constantFrom('', 'gaming', 'travel', 'other', 'it\'s "so"\\'),
    tags: fc.constantFrom([], ['vip'], ['gold', 'vip'], ['vip', 'zen'], ['gold']),
    amount: fc.constantFrom('99', '100', '100.01'),
    atMs: fc.constantFrom(NOON, NOON + 3_600_000, NOON - 12 * 3_600_000),
  });

  const environment = new Environment({ limits: { maxAstNodes: 10_000, maxDepth: 100 } });
  for (const [name, { type }] of Object.entries(RULE_VARIABLES))
    environment.registerVariable(name, type);

  /** The result of the whole expression by cel-js. */
  function whole(text: string, asked: Variables): string {
    try {
      return environment.parse(text)(asked) === true ? 'operation_denied' : 'allow';
    } catch {
      return 'rule_failed';
    }
  }

  it('gives what the whole expression gives, for whatever is asked first', () => {
    fc.assert(
      fc.property(expression, fc.array(facts, { minLength: 1, maxLength: 6 }), (text, asked) => {
        const made = compile(text);
        if (isFault(made)) return expect(made.message).toMatch(/Exceeded/);
        const document = documentWith('');
        // One rulebook for all transactions: what it remembers of one must not affect another.
        const rulebook = rulebookOf({
          ...document,
          rules: { some: { kind: 'deny', reason: 'No.', when: text } },
        });
        for (const one of asked) {
          const all = factsOf({
            ...one,
            source: one.source as PlatformId,
            target: one.target as PlatformId,
          });
          const outcome = evaluateConversion(rulebook, all, SCALES);
          const value =
            (Number(all.amount) * Number(document.platforms[one.source]?.multiplier)) / 10_000;
          expect([
            text,
            one,
            outcome.type === 'refuse' ? outcome.problem.code : outcome.type,
          ]).toEqual([text, one, whole(text, new Variables(all, new Calendar('UTC'), 2, value))]);
        }
        return undefined;
      }),
      { seed, numRuns: 2_000 },
    );
  });
});
