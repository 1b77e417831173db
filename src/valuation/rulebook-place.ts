// Where one is in the rulebook's schema while walking a document that need not be valid: reading
// and writing YAML go by it.

import { Rulebook } from './rulebook-schema.ts';

/** The part of JSON Schema that the rulebook's schema is made of. */
interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

/**
 * What may stand at a place: several schemas below a union, none where the schema knows nothing.
 */
export type Place = readonly Schema[];

export const TOP: Place = alternatives(Rulebook as Schema);

function alternatives(schema: Schema): Schema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);
}

/**
 * The place of a key of an object. Whether the key is one that the schema allows, is for validation
 * to say.
 */
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
 * The entries of an object in the order of the schema, ids sorted: whatever order they came in,
 * also from the database.
 */
export function entriesInOrder(value: object, place: Place): [string, unknown][] {
  const fields = fieldsOf(place);
  const rank = (key: string): number =>
    fields.includes(key) ? fields.indexOf(key) : fields.length;
  return Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export function wantsInteger(place: Place): boolean {
  return place.some(({ type }) => type === 'integer');
}

/** The fields that the schema names, in its order; none for a table by id. */
function fieldsOf(place: Place): string[] {
  return [...new Set(place.flatMap(({ properties = {} }) => Object.keys(properties)))];
}
