// The differences between two rulebooks, item by item. An operator proposes, reviews and applies
// these changes, even to a document that has changed in the meantime. Documents are plain JSON;
// operators choose the keys, which may be any text, `__proto__` included.

import { assert } from '../kernel/assert.ts';
import { entriesInOrder, placeOf, TOP, type Place } from './rulebook-place.ts';
import type { RulebookDocument } from './rulebook-schema.ts';
import type { Change } from './types.ts';

/** The changed document, or the changes that conflict with it. */
export type Application =
  | { readonly ok: true; readonly document: RulebookDocument }
  | { readonly ok: false; readonly conflicts: Change[] };

/** How many names identify an item of a section, in the order of the schema. */
const NAMES: Readonly<Record<keyof RulebookDocument, 0 | 1 | 2>> = {
  settings: 0,
  values: 0,
  platforms: 1,
  categories: 1,
  rules: 1,
  earn: 1,
  rewards: 2,
};
const SECTIONS = Object.keys(NAMES) as (keyof RulebookDocument)[];

/** Values by item, such as `rules/night_fee`. It is a Map, because an object has built-in keys. */
type Items = Map<string, unknown>;

/** One change for each item that differs, ordered by section as in the schema, then by id. */
export function diffRulebooks(before: RulebookDocument, after: RulebookDocument): Change[] {
  return SECTIONS.flatMap((section) => {
    const was = itemsOf(before, section);
    const is = itemsOf(after, section);
    return [...new Set([...was.keys(), ...is.keys()])]
      .sort()
      .map((item) => ({ item, before: was.get(item) ?? null, after: is.get(item) ?? null }))
      .filter((change) => !isSame(change.before, change.after));
  });
}

/**
 * Applies changes to a document that may be newer than the one they were made for. A change
 * conflicts when its item now equals neither the value before the change nor the value after it;
 * then nothing is applied. A platform without rewards is removed from the rewards.
 */
export function applyChanges(document: RulebookDocument, changes: readonly Change[]): Application {
  const items: Items = new Map(SECTIONS.flatMap((section) => [...itemsOf(document, section)]));
  const conflicts: Change[] = [];
  for (const change of changes) {
    const now = items.get(change.item) ?? null;
    if (isSame(now, change.after)) continue;
    if (!isSame(now, change.before)) conflicts.push(change);
    else if (change.after === null) items.delete(change.item);
    else items.set(change.item, change.after);
  }
  return conflicts.length === 0
    ? { ok: true, document: documentOf(items) }
    : { ok: false, conflicts };
}

/**
 * Lines for people: one line for each field when the item stays, otherwise the new (+) or removed
 * (-) item.
 */
export function describeChange(change: Change): string[] {
  const { item } = change;
  if (isSame(change.before, change.after)) return [];
  const place = pathOf(item).reduce(placeOf, TOP);
  const [before, after] = [tidy(change.before, place), tidy(change.after, place)];
  if (before === null) return [`+ ${wordOf(item)} ${textOf(after)}`];
  if (after === null) return [`- ${wordOf(item)}`];
  return describeFields('', before, after).map((line) => `${wordOf(item)} ${line}`);
}

function describeFields(path: string, before: unknown, after: unknown): string[] {
  if (isSame(before, after)) return [];
  if (before === undefined) return [`+ ${path}: ${textOf(after)}`];
  if (after === undefined) return [`- ${path}: ${textOf(before)}`];
  if (!isRecord(before) || !isRecord(after))
    return [`${path === '' ? '' : `${path}: `}${textOf(before)} → ${textOf(after)}`];
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...fields].flatMap((field) =>
    describeFields(
      path === '' ? wordOf(field) : `${path}.${wordOf(field)}`,
      own(before, field),
      own(after, field),
    ),
  );
}

/**
 * The same value with its fields in the order of the schema, because the database keeps another
 * order.
 */
function tidy(value: unknown, place: Place): unknown {
  return isRecord(value)
    ? Object.fromEntries(
        entriesInOrder(value, place).map(([key, inner]) => [key, tidy(inner, placeOf(place, key))]),
      )
    : value;
}

/** A value in one line; a text is quoted unless it reads as one word. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return wordOf(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([key, inner]) => `${wordOf(key)}: ${textOf(inner)}`)
      .join(', ')}}`;
  return String(value);
}

/**
 * A text as it is if it is unambiguous, otherwise quoted. Characters that a terminal obeys or does
 * not show are written as escapes.
 */
function wordOf(text: string): string {
  if (/^[\p{L}\p{N}_./:+-]+$/u.test(text)) return text;
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

function itemsOf(document: RulebookDocument, section: keyof RulebookDocument): Items {
  let items: Items = new Map([[section, document[section]]]);
  for (let names = 0; names < NAMES[section]; names += 1) {
    items = new Map(
      [...items].flatMap(([item, inner]) =>
        Object.entries(inner as object).map(([name, value]) => [`${item}/${name}`, value]),
      ),
    );
  }
  return items;
}

/**
 * The inverse of `itemsOf` over all sections. With `Object.fromEntries` every key, even
 * `__proto__`, becomes a property of the object.
 */
function documentOf(items: Items): RulebookDocument {
  assert(items.has('settings') && items.has('values'), 'a rulebook keeps its settings and values');
  const root: Items = new Map(SECTIONS.map((section) => [section, new Map()]));
  for (const [item, value] of items) {
    const path = pathOf(item);
    let folder = root;
    for (const name of path.slice(0, -1)) {
      if (!folder.has(name)) folder.set(name, new Map());
      folder = folder.get(name) as Items;
    }
    folder.set(path.at(-1)!, value);
  }
  return objectOf(root) as RulebookDocument;
}

function objectOf(folder: Items): object {
  return Object.fromEntries(
    [...folder].map(([name, inner]) => [name, inner instanceof Map ? objectOf(inner) : inner]),
  );
}

/** Section and names of an item. The last name may contain slashes; a platform never does. */
function pathOf(item: string): string[] {
  const parts = item.split('/');
  const names = NAMES[parts[0] as keyof RulebookDocument];
  assert(
    SECTIONS.includes(parts[0] as keyof RulebookDocument) &&
      (names === 0 ? parts.length === 1 : parts.length > names),
    `not an item of a rulebook: ${item}`,
  );
  return [...parts.slice(0, names), parts.slice(names).join('/')];
}

/** Equality of JSON values; the order of keys does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, index) => isSame(value, b[index]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
