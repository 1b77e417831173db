// Schemas that the views of several nouns share, with `text` and `closed`, which make others.

import { type TObject, type TProperties, Type } from 'typebox';

/**
 * Text without control characters (PostgreSQL refuses NUL) and without half surrogate pairs (not
 * UTF-8).
 */
const CLEAN_TEXT = '^[^\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]*$';
const DATE_TIME = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$';

/** A text of bounded length without control characters. */
export function text(maxLength: number, description: string, minLength = 1) {
  return Type.String({ minLength, maxLength, pattern: CLEAN_TEXT, description });
}

/** An object in which an unknown field is an error. */
export function closed<P extends TProperties>(properties: P, description?: string): TObject<P> {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

/** The id of a platform. */
export const PlatformIdText = Type.String({
  pattern: '^[a-z][a-z0-9_]{2,39}$',
  description: 'A platform of this network.',
  examples: ['platform_b'],
});
/** In an answer: always a number, exact within the bound. */
export const Points = Type.Number({ description: "Points, with at most the asset's decimals." });

/** A caller's own small values. */
export const Metadata = Type.Unsafe<Record<string, string | number | boolean | null>>({
  type: 'object',
  maxProperties: 20,
  propertyNames: { type: 'string', pattern: '^(?!__proto__$)[A-Za-z0-9_.-]{1,64}$' },
  additionalProperties: {
    type: ['string', 'number', 'boolean', 'null'],
    maxLength: 512,
    pattern: CLEAN_TEXT,
  },
  description:
    'Up to 20 small values of your own; stored and returned. Do not put personal data here.',
});
/** A time in RFC 3339. */
export const DateTime = Type.String({
  pattern: DATE_TIME,
  maxLength: 40,
  description: 'RFC 3339 time with offset.',
  examples: ['2026-01-31T12:00:00Z'],
});
/** The field `success` of an answer: always true. */
export const Success = Type.Literal(true);
/** A time in Unix seconds. */
export const UnixSeconds = Type.Integer({ description: 'Unix time in whole seconds.' });
