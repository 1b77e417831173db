// The rulebook as an operator writes it: one document with all decisions on value, rules, earning,
// expiry and rewards. Types, validation, OpenAPI and the reference are derived from this schema.
// Next: `compile-rulebook.ts`.

import { type Static, type TProperties, Type } from 'typebox';

function closed<P extends TProperties>(properties: P, description: string) {
  return Type.Object(properties, { additionalProperties: false, description });
}

/** Decimals are text, so that a float never stands for a rate or an amount. */
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

/** Ids of rules and earn rules. */
/** Ids of rules and earn rules. */
export const ITEM_ID = '^[a-z][a-z0-9_-]{1,62}$';
/** A name that a caller chooses must not be one with a meaning in JavaScript. */
export const PLATFORM = '^[a-z][a-z0-9_]{2,39}$';
/** Ids of rewards. */
/** A name that a caller chooses must not be one with a meaning in JavaScript. */
export const CATEGORY = '^(?!__proto__$)[^\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]{1,64}$';
/** Ids of rewards. */
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
  description: Type.Optional(label(500, 'A text for people.')),
  priority: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'Lower comes first; equal priorities are ordered by id. Default 1000.',
    }),
  ),
  when: Type.Optional(Condition),
  from: Type.Optional(moment('Applies from this time on.')),
  until: Type.Optional(moment('Applies until this time (exclusive).')),
};
const operations = Type.Optional(
  Type.Array(Operation, {
    minItems: 1,
    maxItems: 5,
    description: 'The operations that the rule can apply to. Default: conversions only.',
  }),
);

/** A fee of a conversion. */
export const FeeTerms = closed(
  {
    rate: Type.Optional(share('Share of the amount, 0 to 1.')),
    flat: Type.Optional(decimal('Points in addition to the share.')),
    minimum: Type.Optional(decimal('Least fee in points.')),
    maximum: Type.Optional(decimal('Largest fee in points.')),
    on: Type.Enum(['source', 'target'], {
      description:
        'source: taken from the amount before it is converted, in source points; target: from ' +
        'what the conversion gives, in target points.',
    }),
  },
  'fee = share × amount + flat, at least minimum, at most maximum, rounded up to a minor unit.',
);

/** A limit on use. */
export const LimitTerms = closed(
  {
    maximum: decimal('The most that may be used, in whole units of the measure.'),
    measure: Type.Enum(['points', 'value', 'count'], {
      description:
        'points of the source platform; value in settlement currency; count of operations.',
    }),
    per: Type.Enum(['transaction', 'day', 'month'], {
      description: "Days and months are those of the network's time zone.",
    }),
    of: Type.Enum(['member', 'platform', 'pair', 'network'], {
      description:
        'Whose use is added up: that of the debited member, of the source platform, of the ' +
        'pair of source and target platform, or of the whole network.',
    }),
  },
  'A limit on use. It is kept exactly.',
);

/** A clearing rule. */
export const Rule = Type.Union(
  [
    closed(
      {
        kind: Type.Literal('deny'),
        ...common,
        operations,
        reason: label(200, 'Shown to the caller.'),
      },
      'Refuses the operation.',
    ),
    closed(
      {
        kind: Type.Literal('review'),
        ...common,
        operations,
        reason: label(200, 'Shown to the operator.'),
      },
      'Holds the points until an operator has decided; for transfers and conversions only.',
    ),
    closed(
      {
        kind: Type.Literal('rate'),
        ...common,
        rate: Type.Optional(positive('Target points for one source point.')),
        factor: Type.Optional(positive('Factor on the rate of the value model.')),
      },
      'Replaces the rate of the value model. Needs exactly one of rate and factor.',
    ),
    closed({ kind: Type.Literal('fee'), ...common, fee: FeeTerms }, 'Keeps part of a conversion.'),
    closed(
      {
        kind: Type.Literal('bonus'),
        ...common,
        bonus: closed(
          {
            rate: Type.Optional(decimal('Share of the points that the conversion gives.')),
            flat: Type.Optional(decimal('Target points in addition to the share.')),
            maximum: Type.Optional(decimal('Largest bonus in target points.')),
            paid_by: Type.Enum(['source', 'target'], {
              description:
                'source: the source platform pays the target platform for the extra points; ' +
                'target: the target platform gives them without payment.',
            }),
          },
          'Extra target points.',
        ),
      },
      'Adds target points.',
    ),
    closed(
      { kind: Type.Literal('limit'), ...common, operations, limit: LimitTerms },
      'Limits use.',
    ),
  ],
  { description: 'A clearing rule (source requirement 4.2).' },
);

/** When newly issued points expire. */
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
      'All points expire on one day.',
    ),
    closed(
      { policy: Type.Literal('rolling'), months: Type.Integer({ minimum: 1, maximum: 240 }) },
      'Points expire this many months after the day on which they are issued.',
    ),
    closed(
      { policy: Type.Literal('rolling_days'), days: Type.Integer({ minimum: 1, maximum: 7_300 }) },
      'Points expire this many days after the day on which they are issued.',
    ),
    closed(
      {
        policy: Type.Literal('end_of_year'),
        years: Type.Integer({ minimum: 0, maximum: 20, description: '0 means the year of issue.' }),
      },
      'Points expire at the end of a calendar year.',
    ),
  ],
  { description: 'The last day of newly issued points.' },
);

/** The value and expiry of a platform's points. */
export const PlatformTerms = closed(
  {
    multiplier: positive('Value of one point relative to the base value.'),
    expiry: Type.Optional(Expiry),
  },
  "The value and the expiry of a platform's points; no expiry when absent.",
);

/** A rule that turns purchases into points. */
export const EarnRule = closed(
  {
    ...common,
    platform: Type.String({ pattern: PLATFORM, description: 'The platform that issues.' }),
    category: Type.Optional(label(64, 'Only purchases of this category; all when absent.')),
    rate: positive('Points for one unit of settlement currency spent.'),
    maximum: Type.Optional(positive('Most points for one purchase.')),
  },
  'Turns a purchase into points. The first rule that applies, by priority, counts.',
);

/** A reward of the catalogue. */
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
      description: 'Units in total, including redeemed ones.',
    }),
    per_member: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Most units that one member may ever have; cancelled ones do not count.',
      }),
    ),
    from: common.from,
    until: common.until,
    eligible: Type.Optional(Condition),
    voucher_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 3_650,
        description: 'Days for which a voucher can be used; without end when absent.',
      }),
    ),
    active: Type.Optional(
      Type.Boolean({ description: 'False takes it out of the catalogue; true when absent.' }),
    ),
  },
  'What points buy (source requirement 5.2).',
);

/** Settings of the whole network. */
export const Settings = closed(
  {
    time_zone: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$',
      description: 'IANA name. Days, months and expiry change at its midnight.',
    }),
    notice_hours: Type.Integer({
      minimum: 0,
      maximum: 8_760,
      description:
        'Notice period: least hours from approval to effect of a change that is not urgent.',
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
      description: 'Seconds for which a quote is valid.',
    }),
    recall_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        description:
          'Seconds after posting in which a source may undo a transfer between platforms ' +
          'alone, as far as its points are unspent; 900 when absent, 0 for never.',
      }),
    ),
    recall_answer_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description:
          'Days that a target platform has to answer a recall. No answer means refused. ' +
          '7 when absent.',
      }),
    ),
    dispute_open_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'Days after posting in which a transaction can be disputed; 60 when absent.',
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
        description: 'Days that each side has to answer in a dispute; 7 when absent.',
      }),
    ),
    dispute_decision_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 365,
        description:
          'Days that an operator has to decide a dispute. After that its points are released, ' +
          'and after the same time again it is rejected. 14 when absent.',
      }),
    ),
    dispute_appeal_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: 'Days in which a claimant can appeal against a decision; 7 when absent.',
      }),
    ),
    unknown_users_per_hour: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'Most unknown users of other platforms that a platform may name in an hour; ' +
          '600 when absent.',
      }),
    ),
    review_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 90,
        description:
          'Days that a transfer under a review rule waits for an operator. After that its ' +
          'points are released. 7 when absent.',
      }),
    ),
  },
  'Settings of the whole network.',
);

/** The schema of the whole document. */
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
      'By platform. A platform that is not listed has multiplier 1.',
    ),
    categories: byId(
      CATEGORY,
      closed({ multiplier: positive('Value of a point of this category.') }, 'A category.'),
      'By category. A category that is not listed has multiplier 1.',
    ),
    rules: byId(ITEM_ID, Rule, 'By id.'),
    earn: byId(ITEM_ID, EarnRule, 'By id.'),
    rewards: byId(PLATFORM, byId(REWARD_ID, RewardTerms, 'By reward_id.'), 'By platform.'),
  },
  'All decisions of operators on value, as one version.',
);

/** A document that is valid by the schema. */
export type RulebookDocument = Static<typeof Rulebook>;
export type RuleTerms = Static<typeof Rule>;
export type RuleKind = RuleTerms['kind'];
export type FeeTerms = Static<typeof FeeTerms>;
export type LimitTerms = Static<typeof LimitTerms>;
export type ExpiryTerms = Static<typeof Expiry>;
export type RewardTerms = Static<typeof RewardTerms>;
/** An operation that rules can apply to. */
export type OperationName = (typeof OPERATIONS)[number];

/** The first rulebook of a network (source requirement 5.1); onboarding adds its platforms. */
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
