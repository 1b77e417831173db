// Compiling a large rulebook does not block the other work of a process.

import { expect, it } from 'vitest';
import { documentWith } from '../../test/fixtures/rule-table.ts';
import { compileInTurns, compileRulebook } from './compile-rulebook.ts';
import type { RulebookDocument } from './rulebook-schema.ts';

function largeDocument(wrong: boolean): RulebookDocument {
  const rules = Array.from(
    { length: 3_000 },
    (_, index) =>
      [
        `rule_${index}`,
        {
          kind: 'fee' as const,
          when:
            `amount > ${index}.0 && (category == "c${index}" || hour in [1, 2, ` +
            `${index % 24}])${wrong ? ' &&' : ''}`,
          fee: { rate: '0.01', on: 'source' as const },
        },
      ] as const,
  );
  return { ...documentWith(''), rules: Object.fromEntries(rules) };
}

it('compiled in turns, others get theirs meanwhile', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const compiled = await compileInTurns(largeDocument(false));
  clearInterval(timer);
  expect(compiled.ok).toBe(true);
  expect(turns).toBeGreaterThan(1);
});

it('compiled in turns, it is what it is at once, faults and their order included', async () => {
  const at = await compileInTurns(largeDocument(true));
  expect(at).toEqual(compileRulebook(largeDocument(true)));
  expect(at.ok).toBe(false);
  const [inTurns, once] = [
    await compileInTurns(largeDocument(false)),
    compileRulebook(largeDocument(false)),
  ];
  expect(inTurns.ok && inTurns.rulebook.rules.map(({ item }) => item)).toEqual(
    once.ok && once.rulebook.rules.map(({ item }) => item),
  );
});
