// Checks the shape of a rulebook document against its schema, and reports each fault with its
// place. Pure.

import { Compile, type Validator } from 'typebox/compile';
import type { TSchema } from 'typebox';
import {
  CATEGORY,
  EarnRule,
  Expiry,
  ITEM_ID,
  PLATFORM,
  PlatformTerms,
  REWARD_ID,
  RewardTerms,
  Rule,
  Rulebook,
  Settings,
  type RulebookDocument,
} from './rulebook-schema.ts';
import type { Fault } from './types.ts';

type Raw = Readonly<Record<string, unknown>>;

const rulebookSchema = Compile(Rulebook);
/**
 * One schema for each kind, so that a fault is described in the terms of the kind that was meant.
 */
const rules = byConstant(Rule.anyOf, 'kind');
const expiries = byConstant(Expiry.anyOf, 'policy');
const parts = {
  settings: Compile(Settings),
  values: Compile(Rulebook.properties.values),
  platform: Compile(PlatformTerms),
  category: Compile(categorySchema()),
  earn: Compile(EarnRule),
  reward: Compile(RewardTerms),
};

/** Most faults that are reported at once. */
const MOST_FAULTS = 50;

/** Returns the document, or what is wrong with it. */
export function checkDocument(
  value: unknown,
):
  | { readonly ok: true; readonly document: RulebookDocument }
  | { readonly ok: false; readonly faults: Fault[] } {
  if (rulebookSchema.Check(value)) return { ok: true, document: value };
  const faults = faultsOf(value).slice(0, MOST_FAULTS);
  return {
    ok: false,
    faults: faults.length > 0 ? faults : [{ place: '', message: 'is not a rulebook' }],
  };
}

function faultsOf(value: unknown): Fault[] {
  if (!isObject(value))
    return [{ place: '', message: 'must be an object with the sections of a rulebook' }];
  const sections = Object.keys(Rulebook.properties);
  const unknown = Object.keys(value)
    .filter((name) => !sections.includes(name))
    .map((name) => ({ place: name, message: 'is not a section of a rulebook' }));
  const missing = sections
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ place: name, message: 'is missing' }));
  return [
    ...unknown,
    ...missing,
    ...faultsIn(parts.settings, value['settings'], 'settings'),
    ...faultsIn(parts.values, value['values'], 'values'),
    ...items(value['platforms'], 'platforms', PLATFORM, platformFaults),
    ...items(value['categories'], 'categories', CATEGORY, (item, place) =>
      faultsIn(parts.category, item, place),
    ),
    ...items(value['rules'], 'rules', ITEM_ID, (item, place) =>
      faultsOfKind(rules, 'kind', item, place),
    ),
    ...items(value['earn'], 'earn', ITEM_ID, (item, place) => faultsIn(parts.earn, item, place)),
    ...items(value['rewards'], 'rewards', PLATFORM, (item, place) =>
      items(item, place, REWARD_ID, (reward, at) => faultsIn(parts.reward, reward, at)),
    ),
  ];
}

function platformFaults(item: unknown, place: string): Fault[] {
  const expiry = isObject(item) ? item['expiry'] : undefined;
  return expiry === undefined
    ? faultsIn(parts.platform, item, place)
    : [
        ...faultsOfKind(expiries, 'policy', expiry, `${place}/expiry`),
        ...faultsIn(parts.platform, { ...(item as Raw), expiry: undefined }, place),
      ];
}

function items(
  section: unknown,
  place: string,
  pattern: string,
  check: (item: unknown, place: string) => Fault[],
): Fault[] {
  if (section === undefined) return [];
  if (!isObject(section)) return [{ place, message: 'must be an object' }];
  return Object.entries(section).flatMap(([id, item]) =>
    new RegExp(pattern, 'u').test(id)
      ? check(item, `${place}/${id}`)
      : [
          {
            place: `${place}/${id.slice(0, 80)}`,
            message: `has a name that does not fit ${pattern}`,
          },
        ],
  );
}

function faultsOfKind(
  schemas: ReadonlyMap<string, Validator>,
  field: string,
  item: unknown,
  place: string,
): Fault[] {
  const named = isObject(item) ? item[field] : undefined;
  const schema = typeof named === 'string' ? schemas.get(named) : undefined;
  return schema === undefined
    ? [{ place: `${place}/${field}`, message: `must be one of ${[...schemas.keys()].join(', ')}` }]
    : faultsIn(schema, item, place);
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

function faultsIn(schema: Validator, value: unknown, place: string): Fault[] {
  if (value === undefined || schema.Check(value)) return [];
  return (schema.Errors(value) as SchemaError[])
    .filter(({ keyword }) => keyword !== 'boolean')
    .map(({ keyword, instancePath, message, params }) => ({
      place: place + instancePath,
      message: words[keyword]?.(params) ?? message,
    }));
}

const words: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  required: ({ requiredProperties }) => `lacks ${String(requiredProperties)}`,
  additionalProperties: ({ additionalProperties }) => `has no ${String(additionalProperties)}`,
  pattern: () =>
    'has the wrong form: decimals are text such as "0.015", ids are lower-case, and times are ' +
    'RFC 3339 with an offset',
};

function byConstant(schemas: readonly TSchema[], field: string): Map<string, Validator> {
  return new Map(
    schemas.map((schema) => {
      const { properties } = schema as unknown as {
        readonly properties: Readonly<Record<string, { readonly const: string }>>;
      };
      return [properties[field]?.const ?? '', Compile(schema)];
    }),
  );
}

function categorySchema(): TSchema {
  return Object.values(Rulebook.properties.categories.patternProperties)[0]!;
}

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
