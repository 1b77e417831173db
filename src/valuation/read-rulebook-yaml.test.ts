// A rulebook survives YAML exactly, and ambiguous text is refused.

import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { anyRulebook } from '../../test/fixtures/rulebook-documents.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import { readRulebookYaml } from './read-rulebook-yaml.ts';
import { placeOf, TOP, wantsInteger, type Place } from './rulebook-place.ts';
import { INITIAL_RULEBOOK, Rulebook } from './rulebook-schema.ts';
import { writeRulebookYaml } from './write-rulebook-yaml.ts';

const seed = seedOf('read-rulebook-yaml');

function read(text: string): unknown {
  const reading = readRulebookYaml(text);
  if (!reading.ok) throw new Error(reading.faults.map((fault) => fault.message).join('; '));
  return reading.value;
}

describe('a rulebook', () => {
  it('reads back from YAML as it was', () => {
    fc.assert(
      fc.property(anyRulebook, (document) => {
        expect(Check(Rulebook, document)).toBe(true);
        deepStrictEqual(read(writeRulebookYaml(document)), document);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('reads from JSON as from YAML', () => {
    fc.assert(
      fc.property(anyRulebook, fc.constantFrom(undefined, 2, '\t'), (document, indent) => {
        deepStrictEqual(read(JSON.stringify(document, null, indent)), document);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('is written the same, whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyRulebook, (document) => {
        expect(writeRulebookYaml(reversed(document) as typeof document)).toBe(
          writeRulebookYaml(document),
        );
      }),
      { seed },
    );
  });

  it('is written in the order of the schema, ids sorted', () => {
    expect(
      writeRulebookYaml({
        ...INITIAL_RULEBOOK,
        rules: {
          b: {
            reason: 'Not at night.',
            when: 'hour < 6 &&\namount > 100',
            kind: 'deny',
            priority: 5,
          },
          a: { fee: { on: 'source', rate: '0.015' }, kind: 'fee' },
        },
        rewards: {
          platform_a: {
            10: {
              stock: 5,
              points_required: '100',
              name_zh: '杯子',
              name_en: 'Mug',
              description_zh: '杯',
              description_en: '',
            },
          },
        },
      }),
    ).toBe(`settings:
  time_zone: UTC
  notice_hours: 0
  fees: first
  bonuses: first
  detour_tolerance: "0"
  quote_seconds: 60
values:
  base_value: "0.01"
platforms: {}
categories:
  gaming:
    multiplier: "1.5"
  shopping:
    multiplier: "1.0"
  travel:
    multiplier: "2.0"
rules:
  a:
    kind: fee
    fee:
      rate: "0.015"
      on: source
  b:
    kind: deny
    priority: 5
    when: |-
      hour < 6 &&
      amount > 100
    reason: Not at night.
earn: {}
rewards:
  platform_a:
    "10":
      name_zh: 杯子
      name_en: Mug
      description_zh: 杯
      description_en: ""
      points_required: "100"
      stock: 5
`);
  });
});

describe('a value', () => {
  const cases: [string, string, unknown][] = [
    [
      'a decimal keeps its digits',
      'platforms: {platform_a: {multiplier: 1.20}}',
      { platforms: { platform_a: { multiplier: '1.20' } } },
    ],
    [
      'a whole number is text where a decimal is wanted',
      'values: {base_value: 1}',
      { values: { base_value: '1' } },
    ],
    [
      'and a number where a whole one is',
      'settings: {notice_hours: 24, quote_seconds: "60"}',
      { settings: { notice_hours: 24, quote_seconds: '60' } },
    ],
    [
      'a fraction is text where a whole number is wanted, so that it is refused',
      'rules: {x: {priority: 1.0}}',
      { rules: { x: { priority: '1.0' } } },
    ],
    [
      'whole numbers below a union are numbers',
      'platforms: {p: {expiry: {policy: rolling, months: 12}}, q: {expiry: {years: 1}}}',
      {
        platforms: {
          p: { expiry: { policy: 'rolling', months: 12 } },
          q: { expiry: { years: 1 } },
        },
      },
    ],
    [
      'a fee below a union is text',
      'rules:\n  night_fee:\n    kind: fee\n    fee: {rate: 0.015, flat: 1}',
      { rules: { night_fee: { kind: 'fee', fee: { rate: '0.015', flat: '1' } } } },
    ],
    [
      'only true and false are booleans',
      'rewards: {p: {a: {active: true}, b: {active: yes}, c: {active: False}, d: {active: ' +
        '"false"}}}',
      {
        rewards: {
          p: {
            a: { active: true },
            b: { active: 'yes' },
            c: { active: 'False' },
            d: { active: 'false' },
          },
        },
      },
    ],
    ['nothing is null', 'rules:\nearn: ~', { rules: null, earn: null }],
    [
      'keys are text as written',
      'categories: {1.50: {multiplier: 2}, null: {multiplier: 1}, true: {multiplier: 1}}',
      {
        categories: {
          '1.50': { multiplier: '2' },
          null: { multiplier: '1' },
          true: { multiplier: '1' },
        },
      },
    ],
    [
      '<< is a key like any other',
      'categories: {<<: {multiplier: 1}}',
      { categories: { '<<': { multiplier: '1' } } },
    ],
    [
      "a key __proto__ is the object's own",
      'categories: {__proto__: {multiplier: 1}}',
      { categories: JSON.parse('{"__proto__": {"multiplier": "1"}}') as object },
    ],
    ['what the schema does not know is text', 'x: [1, {y: 2.50}]', { x: ['1', { y: '2.50' }] }],
    ['an empty text is null', '# nothing yet\n', null],
  ];
  it.each(cases)('%s', (_title, text, value) => {
    deepStrictEqual(read(text), value);
  });

  it('may be folded over lines, in a file with a byte order mark and other line ends', () => {
    deepStrictEqual(
      read(
        '\ufeff---\r\nrules:\r\n  x:\r\n    when: amount > 1 &&\r\n      hour < 6\r\n    ' +
          'description: >-\r\n      one\r\n      two\r\n...\r\n',
      ),
      { rules: { x: { when: 'amount > 1 && hour < 6', description: 'one two' } } },
    );
  });

  it('is wanted whole by no place that may also hold a decimal', () => {
    const mixed = (place: Place): boolean =>
      (wantsInteger(place) && place.some(({ type }) => type !== 'integer')) ||
      place.some(({ properties = {}, patternProperties = {} }) =>
        [...Object.keys(properties), ...Object.keys(patternProperties)].some((key) =>
          mixed(placeOf(place, key)),
        ),
      );
    expect(mixed(TOP)).toBe(false);
  });
});

describe('a text is refused, with line and column, when it', () => {
  const cases: [string, string, string, string][] = [
    [
      'has a key twice',
      'rules:\n  x: {}\n  y: {}\n  "x": {}',
      'rules/x',
      'line 4, column 3: the key occurs twice: "x"',
    ],
    [
      'has a section twice',
      'rules: {}\nrules: {}',
      'rules',
      'line 2, column 1: the key occurs twice: "rules"',
    ],
    [
      'has a JSON key twice',
      '{"values": {"base_value": "1", "base_value": "2"}}',
      'values/base_value',
      'line 1, column 32: the key occurs twice: "base_value"',
    ],
    [
      'has an anchor',
      'values: &v\n  base_value: 1',
      'values',
      'line 2, column 3: anchors are not supported: remove it',
    ],
    [
      'has an anchor at a key',
      '&v values: {}',
      'values',
      'line 1, column 4: anchors are not supported: remove it',
    ],
    [
      'has an alias',
      'a: *b',
      'a',
      'line 1, column 4: aliases are not supported: write the value itself',
    ],
    ['has an alias for a key', 'a: {*b : 1}', '', 'line 1, column 5: a key must be plain text'],
    [
      'has a tag',
      'values:\n  base_value: !!str 1',
      'values/base_value',
      'line 2, column 21: tags are not supported: remove it',
    ],
    ['has a tag of its own', 'a: !x 1', 'a', 'line 1, column 7: tags are not supported: remove it'],
    [
      'has a tag at a list',
      'a: !!set [1]',
      'a',
      'line 1, column 10: tags are not supported: remove it',
    ],
    [
      'has the tag of no kind',
      'a: ! 1',
      'a',
      'line 1, column 6: tags are not supported: remove it',
    ],
    [
      'has two documents',
      'rules: {}\n---\nrules: {}',
      '',
      'line 2, column 1: the file holds more than one document',
    ],
    ['has a key that is a list', '? [a]\n: 1', '', 'line 1, column 3: a key must be plain text'],
    [
      'does not close a bracket',
      'a: [1,\n  2',
      '',
      'line 2, column 4: Flow sequence in block collection must be sufficiently indented and ' +
        'end with a ]',
    ],
    ['does not close a quote', 'a: "x', '', 'line 1, column 6: Missing closing "quote'],
    [
      'is indented by tabs',
      'a:\n\tb: 1',
      '',
      'line 2, column 1: Tabs are not allowed as indentation',
    ],
    [
      'has two values in a line',
      'a: b: c',
      '',
      'line 1, column 4: Nested mappings are not allowed in compact mappings',
    ],
  ];
  it.each(cases)('%s', (_title, text, place, message) => {
    const reading = readRulebookYaml(text);
    expect(reading.ok ? [] : reading.faults).toContainEqual({ place, message });
  });

  it('is longer than a mebibyte', () => {
    expect(readRulebookYaml(`# ${'é'.repeat(2 ** 19)}`)).toEqual({
      ok: false,
      faults: [{ place: '', message: 'the text has more than 1048576 bytes' }],
    });
    expect(read(`# ${'é'.repeat(2 ** 19 - 1)}`)).toBeNull();
  });

  it('is nested without end', () => {
    for (const text of [
      '['.repeat(100_000),
      '- '.repeat(100_000),
      '{a: '.repeat(100_000),
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    ]) {
      const reading = readRulebookYaml(text);
      expect(
        reading.ok
          ? []
          : reading.faults.map((fault) => fault.message.replace(/^line 1, column \d+: /, '')),
      ).toContain('nested too deeply');
    }
  });

  it('has a thousand faults: the first twenty are told', () => {
    const reading = readRulebookYaml('a: *b\n'.repeat(1_000));
    expect(reading.ok ? [] : reading.faults).toHaveLength(20);
  });

  it('never in another way: any text is read or refused', () => {
    const pieces = fc.constantFrom(
      'a',
      'b',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '|',
      '>',
      '#',
      '&x',
      '*x',
      '!',
      '%',
      '?',
      '1',
      '\t',
      '---',
      '\r',
      '\u0000',
      'rules',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const reading = readRulebookYaml(text);
          if (!reading.ok)
            for (const { message } of reading.faults)
              expect(message).toMatch(/^line [1-9]\d*, column [1-9]\d*: ./);
        },
      ),
      { seed, numRuns: 2_000 },
    );
  });
});

/** The same document with all keys in the opposite order. */
function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
