// Applies a change as an operator writes it: only the items that differ, each complete, or null to
// remove one. Pure.

import type { RulebookDocument } from './rulebook-schema.ts';

/**
 * The sections of a rulebook with the items that change. Not validated: the resulting document is.
 */
export type RulebookPatch = Readonly<Record<string, unknown>>;

type Raw = Record<string, unknown>;

/** Sections that are one item: the patch replaces only the fields that it has. */
const SINGLE = ['settings', 'values'];

/** The document after the patch. The result may be invalid; `compileRulebook` reports that. */
export function applyPatch(document: RulebookDocument, patch: RulebookPatch): unknown {
  // A Map and `Object.fromEntries`, because `__proto__` is a key like any other.
  const result = new Map<string, unknown>(Object.entries(document));
  for (const [section, items] of Object.entries(patch)) {
    const present = result.get(section);
    if (!isObject(items)) result.set(section, items);
    else if (SINGLE.includes(section))
      result.set(
        section,
        Object.fromEntries([
          ...(isObject(present) ? Object.entries(present) : []),
          ...Object.entries(items),
        ]),
      );
    else
      result.set(
        section,
        section === 'rewards' ? mergeEach(present, items) : merge(present, items),
      );
  }
  return Object.fromEntries(result);
}

/** Rewards are one level deeper: by platform, then by reward. */
function mergeEach(present: unknown, patch: Raw): Raw {
  const lists = Object.entries(patch).map(([platform, items]) => {
    const list =
      isObject(present) && Object.hasOwn(present, platform) ? present[platform] : undefined;
    return [platform, isObject(items) ? merge(list, items) : items] as const;
  });
  const merged = merge(present, Object.fromEntries(lists));
  return Object.fromEntries(
    Object.entries(merged).filter(([, items]) => !isObject(items) || Object.keys(items).length > 0),
  );
}

function merge(present: unknown, patch: Raw): Raw {
  const both = [
    ...Object.entries(isObject(present) ? present : {}).filter(([id]) => !Object.hasOwn(patch, id)),
    ...Object.entries(patch),
  ];
  return Object.fromEntries(both.filter(([, item]) => item !== null));
}

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
