// Changes to a rulebook lose nothing, change nothing else, and are never applied in part.

import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRulebook } from '../../test/fixtures/rulebook-documents.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import { applyChanges, describeChange, diffRulebooks } from './diff-rulebooks.ts';
import { INITIAL_RULEBOOK, type RulebookDocument } from './rulebook-schema.ts';
import type { Change } from './types.ts';

// `deepStrictEqual` is used where keys are arbitrary, because vitest takes an own key `constructor`
// for the type.

const seed = seedOf('diff-rulebooks');
const NIGHT_FEE = { kind: 'fee', fee: { rate: '0.01', on: 'source' } } as const;
const MUG = {
  name_zh: '杯子',
  name_en: 'Mug',
  description_zh: '杯',
  description_en: 'A mug',
  points_required: '100',
  stock: 5,
};

function documentWith(parts: Partial<RulebookDocument>): RulebookDocument {
  return { ...INITIAL_RULEBOOK, ...parts };
}

function applied(document: RulebookDocument, changes: readonly Change[]): RulebookDocument {
  const application = applyChanges(document, changes);
  if (!application.ok)
    throw new Error(`conflicts: ${application.conflicts.map((change) => change.item).join()}`);
  return application.document;
}

describe('a diff of two rulebooks', () => {
  it('turns the one into the other', () => {
    fc.assert(
      fc.property(anyRulebook, anyRulebook, (before, after) => {
        deepStrictEqual(applied(before, diffRulebooks(before, after)), after);
      }),
      { seed },
    );
  });

  it('survives being stored as JSON', () => {
    fc.assert(
      fc.property(anyRulebook, anyRulebook, (before, after) => {
        deepStrictEqual(
          applied(before, JSON.parse(JSON.stringify(diffRulebooks(before, after))) as Change[]),
          after,
        );
      }),
      { seed },
    );
  });

  it('is empty when they are the same, in whatever order their keys are', () => {
    fc.assert(
      fc.property(anyRulebook, (document) => {
        expect(diffRulebooks(document, reversed(document) as RulebookDocument)).toEqual([]);
      }),
      { seed },
    );
  });

  it('backwards is the diff with before and after exchanged', () => {
    fc.assert(
      fc.property(anyRulebook, anyRulebook, (before, after) => {
        expect(diffRulebooks(after, before)).toEqual(
          diffRulebooks(before, after).map((change) => ({
            item: change.item,
            before: change.after,
            after: change.before,
          })),
        );
      }),
      { seed },
    );
  });

  it('names items by section as in the schema, then by id', () => {
    const after = documentWith({
      settings: { ...INITIAL_RULEBOOK.settings, notice_hours: 24 },
      platforms: { platform_b: { multiplier: '2' }, platform_a: { multiplier: '1' } },
      categories: {
        shopping: { multiplier: '1.0' },
        travel: { multiplier: '2.5' },
        'a/b': { multiplier: '1' },
      },
      rules: { night_fee: NIGHT_FEE },
      rewards: { platform_a: { mug: MUG } },
    });
    expect(diffRulebooks(INITIAL_RULEBOOK, after)).toEqual([
      { item: 'settings', before: INITIAL_RULEBOOK.settings, after: after.settings },
      { item: 'platforms/platform_a', before: null, after: { multiplier: '1' } },
      { item: 'platforms/platform_b', before: null, after: { multiplier: '2' } },
      { item: 'categories/a/b', before: null, after: { multiplier: '1' } },
      { item: 'categories/gaming', before: { multiplier: '1.5' }, after: null },
      { item: 'categories/travel', before: { multiplier: '2.0' }, after: { multiplier: '2.5' } },
      { item: 'rules/night_fee', before: null, after: NIGHT_FEE },
      { item: 'rewards/platform_a/mug', before: null, after: MUG },
    ]);
  });

  it('sees a key named __proto__ and pollutes nothing', () => {
    const after = documentWith({
      categories: JSON.parse(
        '{"__proto__": {"multiplier": "9"}}',
      ) as RulebookDocument['categories'],
    });
    const changes = diffRulebooks(documentWith({ categories: {} }), after);
    expect(changes).toEqual([
      { item: 'categories/__proto__', before: null, after: { multiplier: '9' } },
    ]);
    const { categories } = applied(documentWith({ categories: {} }), changes);
    expect(Object.keys(categories)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(categories)).toBe(Object.prototype);
    expect(diffRulebooks(after, documentWith({ categories: {} }))).toHaveLength(1);
  });
});

describe('applying changes', () => {
  it('to different items gives the same in either order', () => {
    fc.assert(
      fc.property(
        anyRulebook,
        anyRulebook,
        anyRulebook,
        fc.func(fc.boolean()),
        (base, one, other, isMine) => {
          const mine = diffRulebooks(base, one).filter((change) => isMine(change.item));
          const theirs = diffRulebooks(base, other).filter((change) => !isMine(change.item));
          deepStrictEqual(
            applied(applied(base, mine), theirs),
            applied(applied(base, theirs), mine),
          );
        },
      ),
      { seed },
    );
  });

  it('to a newer document conflicts exactly where that went elsewhere, and then changes nothing', () => {
    fc.assert(
      fc.property(anyRulebook, anyRulebook, anyRulebook, (base, mine, newer) => {
        const changes = diffRulebooks(base, mine);
        const moved = new Set(diffRulebooks(base, newer).map((change) => change.item));
        const unlike = new Set(diffRulebooks(mine, newer).map((change) => change.item));
        const expected = changes.filter(
          (change) => moved.has(change.item) && unlike.has(change.item),
        );
        const copy = structuredClone(newer);
        const application = applyChanges(newer, changes);
        deepStrictEqual(newer, copy);
        if (expected.length > 0) deepStrictEqual(application, { ok: false, conflicts: expected });
        else
          expect(
            diffRulebooks(applied(newer, changes), newer).every((change) =>
              changes.some((mine) => mine.item === change.item),
            ),
          ).toBe(true);
      }),
      { seed },
    );
  });

  it('that are there already changes nothing', () => {
    fc.assert(
      fc.property(anyRulebook, anyRulebook, (before, after) => {
        deepStrictEqual(applied(after, diffRulebooks(before, after)), after);
      }),
      { seed },
    );
  });

  it('removes a platform from the rewards with its last reward, and keeps one that has others', () => {
    const before = documentWith({
      rewards: { platform_a: { mug: MUG, cup: MUG }, platform_b: { mug: MUG } },
    });
    const after = documentWith({ rewards: { platform_a: { cup: MUG } } });
    expect(applied(before, diffRulebooks(before, after)).rewards).toEqual({
      platform_a: { cup: MUG },
    });
  });

  it('names every conflict, and one conflict keeps all changes back', () => {
    const conflicts: Change[] = [
      { item: 'rules/night_fee', before: NIGHT_FEE, after: { ...NIGHT_FEE, priority: 1 } },
      { item: 'categories/travel', before: null, after: { multiplier: '3' } },
      { item: 'categories/gaming', before: { multiplier: '1' }, after: null },
    ];
    expect(
      applyChanges(INITIAL_RULEBOOK, [
        { item: 'platforms/platform_a', before: null, after: { multiplier: '1' } },
        ...conflicts,
      ]),
    ).toEqual({ ok: false, conflicts });
  });

  it('refuses what is no item, and to go without settings', () => {
    for (const item of [
      'rule/x',
      'rules',
      'rewards/platform_a',
      'settings/x',
      '',
      '__proto__/x',
      'constructor',
    ]) {
      expect(
        () => applyChanges(INITIAL_RULEBOOK, [{ item, before: null, after: {} }]),
        item,
      ).toThrow('not an item');
    }
    expect(() =>
      applyChanges(INITIAL_RULEBOOK, [
        { item: 'values', before: INITIAL_RULEBOOK.values, after: null },
      ]),
    ).toThrow('keeps its settings');
  });
});

describe('a change in words', () => {
  const cases: [string, Change, string[]][] = [
    [
      'names each field that differs',
      {
        item: 'rules/night_fee',
        before: { ...NIGHT_FEE, priority: 5 },
        after: { kind: 'fee', fee: { rate: '0.02', on: 'source', minimum: '5' } },
      },
      [
        'rules/night_fee - priority: 5',
        'rules/night_fee fee.rate: 0.01 → 0.02',
        'rules/night_fee + fee.minimum: 5',
      ],
    ],
    [
      'gives a new item whole',
      {
        item: 'rules/x',
        before: null,
        after: { kind: 'deny', operations: ['redeem', 'hold'], reason: 'Not at night.' },
      },
      ['+ rules/x {kind: deny, operations: [redeem, hold], reason: "Not at night."}'],
    ],
    [
      'only names an item that goes',
      { item: 'rewards/platform_a/mug', before: MUG, after: null },
      ['- rewards/platform_a/mug'],
    ],
    [
      'compares lists as a whole',
      {
        item: 'rules/x',
        before: { operations: ['redeem'] },
        after: { operations: ['redeem', 'hold'] },
      },
      ['rules/x operations: [redeem] → [redeem, hold]'],
    ],
    [
      'does not obey what names and texts hold',
      { item: 'categories/\u001b[2J\u009b', before: null, after: { a: 'x\u202ey\nz' } },
      ['+ "categories/\\u001b[2J\\u{9b}" {a: "x\\u{202e}y\\nz"}'],
    ],
    [
      'says nothing when there is none',
      { item: 'values', before: { base_value: '1' }, after: { base_value: '1' } },
      [],
    ],
  ];
  it.each(cases)('%s', (_title, change, lines) => {
    expect(describeChange(change)).toEqual(lines);
  });

  it('says something on one line each for whatever differs', () => {
    fc.assert(
      fc.property(anyRulebook, anyRulebook, (before, after) => {
        for (const change of diffRulebooks(before, after)) {
          const lines = describeChange(change);
          expect(lines.length).toBeGreaterThan(0);
          expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        }
      }),
      { seed },
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
