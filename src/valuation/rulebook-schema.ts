// The rulebook as an operator writes it: one document with all that an operator decides about
// value, rules, earning, expiry and rewards. Schema first: types, validation, OpenAPI and the
// reference derive from it. Next: `compile-rulebook.ts`.

import { type Static, type TProperties, Type } from 'typebox';

function closed<P extends TProperties>(properties: P, description: string) {
  return Type.Object(properties, { additionalProperties: false, description });
}

/** Decimals travel as text, so that no float ever stands for a rate or an amount. */
const decimal = (description: string, pattern = '^[0-9]{1,12}(\\.[0-9]{1,9})?$') =>
  Type.String({ pattern, maxLength: 24, description });
const positive = (description: string) =>
  decimal(description, '^(?=.*[1-9])[0-9]{1,12}(\\.[0-9]{1,9})?$');
const share = (description: string) => decimal(description, '^(0(\\.[0-9]{1,9})?|1(\\.0{1,9})?)$');
const label = (maxLength: number, description: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]*$',
    description,
  });
const moment = (description: string) =>
  Type.String({
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2})$',
    description: `${description} RFC 3339 with offset.`,
  });
const Condition = Type.String({
  minLength: 1,
  maxLength: 2_000,
  pattern: '^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F\\uD800-\\uDFFF]*$',
  description: 'A CEL expression that gives a bool; see docs/rules.md for its variables.',
});

export const ITEM_ID = '^[a-z][a-z0-9_-]{1,62}$';
export const PLATFORM = '^[a-z][a-z0-9_]{2,39}$';
/** What a caller chooses as a name must not be one that JavaScript gives a meaning to. */
export const CATEGORY = '^(?!__proto__$)[^\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]{1,64}$';
export const REWARD_ID = '^(?!__proto__$)[A-Za-z0-9_.-]{1,64}$';
const byId = <S extends Parameters<typeof Type.Record>[1]>(
  pattern: string,
  schema: S,
  description: string,
) => Type.Record(Type.String({ pattern }), schema, { additionalProperties: false, description });

const OPERATIONS = ['conversion', 'transfer', 'redeem', 'hold', 'earn'] as const;
const Operation = Type.Enum([...OPERATIONS], {
  description: 'conversion: to another platform; transfer: to another user of the same platform.',
});

const common = {
  description: Type.Optional(label(500, 'For people.')),
  priority: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'Lower comes first; equal priorities by id. 1000 when absent.',
    }),
  ),
  when: Type.Optional(Condition),
  from: Type.Optional(moment('Applies from then on.')),
  until: Type.Optional(moment('Applies until just before then.')),
};
const operations = Type.Optional(
  Type.Array(Operation, {
    minItems: 1,
    maxItems: 5,
    description: 'What the rule is asked about; conversions only when absent.',
  }),
);

export const FeeTerms = closed(
  {
    rate: Type.Optional(share('Share of the amount, 0 to 1.')),
    flat: Type.Optional(decimal('Points on top of the share.')),
    minimum: Type.Optional(decimal('Least points.')),
    maximum: Type.Optional(decimal('Most points.')),
    on: Type.Enum(['source', 'target'], {
      description:
        'source: taken from the amount before it is converted, in source points; target: from ' +
        'what the conversion gives, in target points.',
    }),
  },
  'fee = share × amount + flat, at least minimum, at most maximum, rounded up to a minor unit.',
);

export const LimitTerms = closed(
  {
    maximum: decimal('The most that may be used; of the scale of what is measured.'),
    measure: Type.Enum(['points', 'value', 'count'], {
      description:
        'points of the source platform; value in settlement currency; count of operations.',
    }),
    per: Type.Enum(['transaction', 'day', 'month'], {
      description: "Days and months of the network's time zone.",
    }),
    of: Type.Enum(['member', 'platform', 'pair', 'network'], {
      description:
        "Whose use is added up: the debited member's, the source platform's, that of source " +
        "and target platform together, or everybody's.",
    }),
  },
  'A bound on use, kept exactly.',
);

export const Rule = Type.Union(
  [
    closed(
      {
        kind: Type.Literal('deny'),
        ...common,
        operations,
        reason: label(200, 'Told to the caller.'),
      },
      'Refuses the operation.',
    ),
    closed(
      {
        kind: Type.Literal('review'),
        ...common,
        operations,
        reason: label(200, 'Told to the operator.'),
      },
      'Sets the points aside until an operator has looked; transfers and conversions only.',
    ),
    closed(
      {
        kind: Type.Literal('rate'),
        ...common,
        rate: Type.Optional(positive('Target points for one source point.')),
        factor: Type.Optional(positive('Times the rate of the value model.')),
      },
      'Replaces the rate of the value model; exactly one of rate and factor.',
    ),
    closed({ kind: Type.Literal('fee'), ...common, fee: FeeTerms }, 'Keeps part of a conversion.'),
    closed(
      {
        kind: Type.Literal('bonus'),
        ...common,
        bonus: closed(
          {
            rate: Type.Optional(decimal('Share of what the conversion gives.')),
            flat: Type.Optional(decimal('Target points on top of the share.')),
            maximum: Type.Optional(decimal('Most target points.')),
            paid_by: Type.Enum(['source', 'target'], {
              description:
                'source: its position pays the target platform for the extra points; target: ' +
                'the target platform gives them.',
            }),
          },
          'Extra target points.',
        ),
      },
      'Adds target points.',
    ),
    closed(
      { kind: Type.Literal('limit'), ...common, operations, limit: LimitTerms },
      'Bounds use.',
    ),
  ],
  { description: 'A clearing rule (source requirement 4.2).' },
);

export const Expiry = Type.Union(
  [
    closed({ policy: Type.Literal('none') }, 'Points never expire.'),
    closed(
      {
        policy: Type.Literal('fixed'),
        on: Type.String({
          pattern: '^\\d{4}-\\d{2}-\\d{2}$',
          description: 'The last day of all points.',
        }),
      },
      'All points end on one day.',
    ),
    closed(
      { policy: Type.Literal('rolling'), months: Type.Integer({ minimum: 1, maximum: 240 }) },
      'Points live that many months from the day they are issued.',
    ),
    closed(
      { policy: Type.Literal('rolling_days'), days: Type.Integer({ minimum: 1, maximum: 7_300 }) },
      'Points live that many days after the day they are issued.',
    ),
    closed(
      {
        policy: Type.Literal('end_of_year'),
        years: Type.Integer({ minimum: 0, maximum: 20, description: '0: the year of issue.' }),
      },
      'Points end with a calendar year.',
    ),
  ],
  { description: 'The last day of newly issued points.' },
);

export const PlatformTerms = closed(
  {
    multiplier: positive('Worth of one point relative to the base value.'),
    expiry: Type.Optional(Expiry),
  },
  "What a platform's points are worth and how long they live; no expiry when absent.",
);

export const EarnRule = closed(
  {
    ...common,
    platform: Type.String({ pattern: PLATFORM, description: 'The platform that issues.' }),
    category: Type.Optional(label(64, 'Only purchases of this category; all when absent.')),
    rate: positive('Points for one unit of settlement currency spent.'),
    maximum: Type.Optional(positive('Most points for one purchase.')),
  },
  'Turns a purchase into points: the first that applies, by priority.',
);

export const RewardTerms = closed(
  {
    name_zh: label(100, 'Name in Chinese.'),
    name_en: label(100, 'Name in English.'),
    description_zh: label(500, 'Text in Chinese.'),
    description_en: label(500, 'Text in English.'),
    points_required: positive('Points for one unit.'),
    stock: Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      description: 'Units in all, redeemed ones included.',
    }),
    per_member: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Most units one member may ever have; cancelled ones do not count.',
      }),
    ),
    from: common.from,
    until: common.until,
    eligible: Type.Optional(Condition),
    voucher_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 3_650,
        description: 'How long a voucher can be used; for ever when absent.',
      }),
    ),
    active: Type.Optional(
      Type.Boolean({ description: 'False takes it out of the catalogue; true when absent.' }),
    ),
  },
  'What points buy (source requirement 5.2).',
);

export const Settings = closed(
  {
    time_zone: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$',
      description: 'IANA name; days, months and expiry go by its midnight.',
    }),
    notice_hours: Type.Integer({
      minimum: 0,
      maximum: 8_760,
      description: 'Least time between approval and effect of a change that is not urgent.',
    }),
    fees: Type.Enum(['first', 'all'], {
      description: 'Which of the fee rules that apply are charged.',
    }),
    bonuses: Type.Enum(['first', 'all'], {
      description: 'Which of the bonus rules that apply are given.',
    }),
    detour_tolerance: share(
      'How much better than the direct rate a detour may be: 0.01 is one percent.',
    ),
    quote_seconds: Type.Integer({
      minimum: 5,
      maximum: 86_400,
      description: 'How long a quote holds.',
    }),
    recall_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        description:
          'How long after it was posted a source may recall a transfer between platforms ' +
          'alone, as far as it is unspent; 900 when absent, 0 for never.',
      }),
    ),
    recall_answer_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description:
          'How long a target platform has to answer a recall; silence refuses; 7 when absent.',
      }),
    ),
    dispute_open_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'How long after it was posted a transaction can be disputed; 60 when absent.',
      }),
    ),
    dispute_minimum: Type.Optional(
      positive(
        'Least amount that a platform or member can dispute, in points of the source ' +
          'platform; none when absent.',
      ),
    ),
    dispute_answer_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: 'How long each side has to answer in a dispute; 7 when absent.',
      }),
    ),
    dispute_decision_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 365,
        description:
          'How long an operator has to decide a dispute; then its points are free again, and ' +
          'as long again later it is rejected. 14 when absent.',
      }),
    ),
    dispute_appeal_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: 'How long a claimant can appeal against a decision; 7 when absent.',
      }),
    ),
    unknown_users_per_hour: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'How many users of other platforms who do not exist a platform may name in an hour; ' +
          '600 when absent.',
      }),
    ),
    review_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 90,
        description:
          'How long a transfer that a review rule has set aside waits for an operator; then ' +
          'its points are free again. 7 when absent.',
      }),
    ),
  },
  'What holds for the whole network.',
);

export const Rulebook = closed(
  {
    settings: Settings,
    values: closed(
      { base_value: positive('Settlement currency for one point of multiplier 1 (5.1: 0.01).') },
      'The unit of value.',
    ),
    platforms: byId(
      PLATFORM,
      PlatformTerms,
      'By platform; a platform that is not listed counts 1.',
    ),
    categories: byId(
      CATEGORY,
      closed({ multiplier: positive('Worth of a point of this category.') }, 'A category.'),
      'By category; one that is not listed counts 1.',
    ),
    rules: byId(ITEM_ID, Rule, 'By id.'),
    earn: byId(ITEM_ID, EarnRule, 'By id.'),
    rewards: byId(PLATFORM, byId(REWARD_ID, RewardTerms, 'By reward_id.'), 'By platform.'),
  },
  'All that an operator decides, as one version.',
);

export type RulebookDocument = Static<typeof Rulebook>;
export type RuleTerms = Static<typeof Rule>;
export type RuleKind = RuleTerms['kind'];
export type FeeTerms = Static<typeof FeeTerms>;
export type LimitTerms = Static<typeof LimitTerms>;
export type ExpiryTerms = Static<typeof Expiry>;
export type RewardTerms = Static<typeof RewardTerms>;
/** What rules can be asked about. */
export type OperationName = (typeof OPERATIONS)[number];

/** What a network begins with (5.1); onboarding adds its platforms. */
export const INITIAL_RULEBOOK: RulebookDocument = {
  settings: {
    time_zone: 'UTC',
    notice_hours: 0,
    fees: 'first',
    bonuses: 'first',
    detour_tolerance: '0',
    quote_seconds: 60,
  },
  values: { base_value: '0.01' },
  platforms: {},
  categories: {
    shopping: { multiplier: '1.0' },
    gaming: { multiplier: '1.5' },
    travel: { multiplier: '2.0' },
  },
  rules: {},
  earn: {},
  rewards: {},
};
