// Writes a rulebook as YAML, always in the same order, so that two versions can be compared line by
// line. The inverse of `readRulebookYaml`.

import { stringify } from 'yaml';
import { elementPlaceOf, entriesInOrder, placeOf, TOP, type Place } from './rulebook-place.ts';
import type { RulebookDocument } from './rulebook-schema.ts';

/** Decimals are quoted, so that every YAML reader takes them as text. */
export function writeRulebookYaml(document: RulebookDocument): string {
  return stringify(ordered(document, TOP), { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * Fields in the order of the schema, with ids sorted. They are Maps, because an object moves keys
 * that look like numbers to the front.
 */
function ordered(value: unknown, place: Place): unknown {
  if (Array.isArray(value)) return value.map((element) => ordered(element, elementPlaceOf(place)));
  if (typeof value !== 'object' || value === null) return value;
  return new Map(
    entriesInOrder(value, place).map(([key, inner]) => [key, ordered(inner, placeOf(place, key))]),
  );
}
