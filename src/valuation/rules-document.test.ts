// docs/rules.md is true: its example is a sound rulebook with the results of its table, and its
// variables are those of the program.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { factsOf, rulebookOf, SCALES, wordsOf } from '../../test/fixtures/rule-table.ts';
import type { PlatformId } from '../kernel/ids.ts';
import { RULE_VARIABLES } from './conditions.ts';
import { evaluateConversion } from './evaluate-rules.ts';
import { guardRates } from './guard-rates.ts';
import { readRulebookYaml } from './read-rulebook-yaml.ts';
import { Rule, type RulebookDocument } from './rulebook-schema.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'rules.md'), 'utf8');
const reading = readRulebookYaml(/```yaml\n([^]*?)```/.exec(text)?.[1] ?? '');
const example = (reading.ok ? reading.value : undefined) as RulebookDocument;

/** The rows of the table with this heading. */
function tableOf(heading: string): string[][] {
  const after = text
    .slice(text.indexOf(`| ${heading} |`))
    .split('\n')
    .slice(2);
  const end = after.findIndex((line) => !line.startsWith('|'));
  return after.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it('the example is a rulebook without arbitrage', () => {
  expect(reading).toMatchObject({ ok: true });
  expect(guardRates(rulebookOf(example))).toBeUndefined();
});

it('with the bonus that it warns of it is refused', () => {
  const bonus = { ...example.rules['spring_bonus'], bonus: { rate: '0.02', paid_by: 'source' } };
  expect(
    guardRates(rulebookOf({ ...example, rules: { ...example.rules, spring_bonus: bonus } }))?.extra[
      'path'
    ],
  ).toEqual(['platform_a', 'platform_c', 'platform_a']);
});

it.each(tableOf('amount | from | to | at | tags | comes to'))(
  '%s from %s to %s at %s by "%s": %s',
  (amount, source, target, at = '', tags = '', expected) => {
    const facts = factsOf({
      amount: amount ?? '',
      source: source as PlatformId,
      target: target as PlatformId,
      atMs: Date.parse(at),
      tags: tags === '' ? [] : tags.split(', '),
    });
    expect(wordsOf(evaluateConversion(rulebookOf(example), facts, SCALES))).toBe(expected);
  },
);

it('the variables are all there are', () => {
  expect(tableOf('variable | type | meaning')).toEqual(
    Object.entries(RULE_VARIABLES).map(([name, { type, meaning }]) => [
      `\`${name}\``,
      type,
      meaning,
    ]),
  );
});

it('the sections and kinds are all there are, in their order', () => {
  const sections = Object.keys(example);
  expect(tableOf('section | says').map(([name]) => name)).toEqual(
    sections.map((name) => `\`${name}\``),
  );
  expect(tableOf('kind | does | of those that apply | about').map(([name]) => name)).toEqual(
    Rule.anyOf.map(({ properties }) => `\`${properties.kind.const}\``),
  );
});
