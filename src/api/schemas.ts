// Schemas that several operations share. JSON Schema is the contract: types, validation and OpenAPI
// derive from it.

import { Type } from 'typebox';
import { text } from '../views/schemas.ts';
import { MAX_TAGS, MAX_USER_ID_LENGTH, TAG, USER_ID_TEXT } from '../identity/identity.ts';

const DAY = '^\\d{4}-\\d{2}-\\d{2}$';

/**
 * An id as it may stand in a request: whether it may be linked anew is for
 * `src/identity/user-id.ts`.
 */
function userId(description: string) {
  return Type.String({
    minLength: 1,
    maxLength: MAX_USER_ID_LENGTH,
    pattern: USER_ID_TEXT,
    description,
  });
}

export const UserId = userId("The calling platform's own id for its user.");
export const TargetUserId = userId("The target platform's id for its user.");
export const Reference = text(
  128,
  'Your own reference for this operation, such as an order number; kept and given back.',
);

/**
 * In a request: a number, or decimal text for those who avoid floats. Bounds and decimals are
 * checked with the asset at hand.
 */
export const Amount = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  maxLength: 40,
  examples: [100.5],
  description:
    "Points, greater than zero, at most 10^15 minor units, with at most the asset's decimals " +
    '(2). A JSON number or a decimal string. Never rounded.',
});
export const Category = text(
  64,
  'What the points are earned or moved for, such as `shopping`; rules may go by it.',
);

export const Day = Type.String({
  pattern: DAY,
  description: 'A calendar day, YYYY-MM-DD.',
  examples: ['2030-12-31'],
});

/** In a request; an answer gives them sorted. */
export const Tags = Type.Array(
  Type.String({ pattern: TAG, description: '1 to 40 of a-z, 0-9, _, . and -.' }),
  {
    maxItems: MAX_TAGS,
    uniqueItems: true,
    examples: [['gold', 'vip']],
    description:
      'What you say of your own user, such as its level: at most 20, each once. Do not put ' +
      'personal data here.',
  },
);
export const TagsView = Type.Array(Type.String(), {
  description: 'What you say of your own user; sorted.',
});

export const TransactionIdText = Type.String({
  pattern: '^(txn|rdm)_[0-9a-f]{32}$',
  description: 'A transaction_id or redemption_id that this API answered.',
});
export const RedemptionIdText = Type.String({
  pattern: '^rdm_[0-9a-f]{32}$',
  description: 'A redemption_id that POST /api/points/redeem answered.',
});
/** Vouchers of one redemption, by their codes. */
export const VoucherCodes = Type.Array(
  text(64, 'A code as it was given, or as somebody typed it.'),
  {
    minItems: 1,
    maxItems: 100,
    description: 'Codes of the redemption.',
  },
);
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Units.' });
export const HoldIdText = Type.String({
  pattern: '^hold_[0-9a-f]{32}$',
  description: 'A hold_id that this API answered.',
});
export const IdempotencyKey = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description:
    'Makes repeating this operation safe: the same key and content give the first result again.',
});

/** RFC 9457. */
export const ProblemAnswer = Type.Object(
  {
    type: Type.String({ description: 'Where this kind of problem is documented.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened and what to do about it.' }),
    code: Type.String({ description: 'Stable name of the problem.' }),
    error: Type.String({ description: 'Short text, as in the source requirement.' }),
    instance: Type.String(),
    request_id: Type.String({ description: 'Quote it when asking for support.' }),
    field: Type.Optional(Type.String({ description: 'The field at fault.' })),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details.' },
);

export const problemResponses = {
  '4xx': {
    description: 'Refused; nothing was posted. See /problems.',
    content: { 'application/problem+json': { schema: ProblemAnswer } },
  },
  '5xx': {
    description: 'Not done, or outcome unknown; repeat with the same idempotency key.',
    content: { 'application/problem+json': { schema: ProblemAnswer } },
  },
};
