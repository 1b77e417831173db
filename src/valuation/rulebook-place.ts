// Follows the rulebook's schema while a document, which need not be valid, is read or written as
// YAML.

import { Rulebook } from './rulebook-schema.ts';

/** The part of JSON Schema that the rulebook's schema uses. */
interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

/**
 * The schemas for a place in a document: several below a union, none where the schema does not know
 * the place.
 */
export type Place = readonly Schema[];

/** The place of the whole document. */
export const TOP: Place = alternatives(Rulebook as Schema);

function alternatives(schema: Schema): Schema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);
}

/** The place of a key of an object. Validation decides whether the key is allowed. */
export function placeOf(place: Place, key: string): Place {
  return place.flatMap(({ properties = {}, patternProperties = {} }) => {
    const schemas = Object.hasOwn(properties, key)
      ? [properties[key]!]
      : Object.values(patternProperties);
    return schemas.flatMap(alternatives);
  });
}

/** The place of the elements of a list. */
export function elementPlaceOf(place: Place): Place {
  return place.flatMap(({ items }) => (items === undefined ? [] : alternatives(items)));
}

/**
 * The entries of an object in the order of the schema, with ids sorted, whatever order they came
 * in.
 */
export function entriesInOrder(value: object, place: Place): [string, unknown][] {
  const fields = fieldsOf(place);
  const rank = (key: string): number =>
    fields.includes(key) ? fields.indexOf(key) : fields.length;
  return Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** True when the schema wants an integer here. */
export function wantsInteger(place: Place): boolean {
  return place.some(({ type }) => type === 'integer');
}

/** The fields that the schema names, in its order; none for a table by id. */
function fieldsOf(place: Place): string[] {
  return [...new Set(place.flatMap(({ properties = {} }) => Object.keys(properties)))];
}
