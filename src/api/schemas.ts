// Defines the schemas that several operations share. JSON Schema is the contract: types, validation
// and OpenAPI derive from it.

import { Type } from 'typebox';
import { text } from '../views/schemas.ts';
import { MAX_TAGS, MAX_USER_ID_LENGTH, TAG, USER_ID_TEXT } from '../identity/identity.ts';

const DAY = '^\\d{4}-\\d{2}-\\d{2}$';

/** An id in a request. `src/identity/user-id.ts` decides whether a new link may use it. */
function userId(description: string) {
  return Type.String({
    minLength: 1,
    maxLength: MAX_USER_ID_LENGTH,
    pattern: USER_ID_TEXT,
    description,
  });
}

/** A user of the calling platform, in a request. */
export const UserId = userId("The calling platform's own id for its user.");
/** A user of the target platform, in a request. */
export const TargetUserId = userId("The target platform's id for its user.");
/** The caller's reference of an operation, at most 128 characters. */
export const Reference = text(
  128,
  'Your own reference for this operation, such as an order number; stored and returned.',
);

/**
 * An amount in a request: a number, or decimal text for callers that avoid floats. The asset's
 * bounds and decimals are checked later, when the asset is known.
 */
export const Amount = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  maxLength: 40,
  examples: [100.5],
  description:
    "Points, greater than zero, at most 10^15 minor units, with at most the asset's decimals " +
    '(2). A JSON number or a decimal string. Never rounded.',
});
/** A category in a request, at most 64 characters. */
export const Category = text(
  64,
  'The purpose of the points, such as `shopping`; rules can depend on it.',
);

/** A calendar day; the pattern does not check that the day exists. */
export const Day = Type.String({
  pattern: DAY,
  description: 'A calendar day, YYYY-MM-DD.',
  examples: ['2030-12-31'],
});

/** The tags in a request. An answer contains them sorted. */
export const Tags = Type.Array(
  Type.String({ pattern: TAG, description: '1 to 40 of a-z, 0-9, _, . and -.' }),
  {
    maxItems: MAX_TAGS,
    uniqueItems: true,
    examples: [['gold', 'vip']],
    description:
      'Labels of your own user, such as its level: at most 20, all different. Do not put ' +
      'personal data here.',
  },
);
/** The tags in an answer. */
export const TagsView = Type.Array(Type.String(), {
  description: 'Labels of your own user, sorted.',
});

/** An id of a transaction or a redemption, in a request. */
export const TransactionIdText = Type.String({
  pattern: '^(txn|rdm)_[0-9a-f]{32}$',
  description: 'A transaction_id or redemption_id from an answer of this API.',
});
/** An id of a redemption, in a request. */
export const RedemptionIdText = Type.String({
  pattern: '^rdm_[0-9a-f]{32}$',
  description: 'A redemption_id from POST /api/points/redeem.',
});
/** Vouchers of one redemption, by their codes. */
export const VoucherCodes = Type.Array(
  text(64, 'A code as it was issued, or as a person typed it.'),
  {
    minItems: 1,
    maxItems: 100,
    description: 'Codes of the redemption.',
  },
);
/** A number of units, 1 to 1,000,000. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Units.' });
/** An id of a hold, in a request. */
export const HoldIdText = Type.String({
  pattern: '^hold_[0-9a-f]{32}$',
  description: 'A hold_id from an answer of this API.',
});
/** An idempotency key in a body: 1 to 255 visible ASCII characters. */
export const IdempotencyKey = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description:
    'Makes it safe to repeat this operation: the same key and content return the first result ' +
    'again.',
});

/** Problem details (RFC 9457). */
export const ProblemAnswer = Type.Object(
  {
    type: Type.String({ description: 'URL of the documentation of this problem.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'The cause, and the action that solves it.' }),
    code: Type.String({ description: 'Stable code of the problem.' }),
    error: Type.String({ description: 'Short text from the source requirement.' }),
    instance: Type.String(),
    request_id: Type.String({ description: 'Name it when you ask for support.' }),
    field: Type.Optional(Type.String({ description: 'The field that has the fault.' })),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details.' },
);

/** The documented problems of every route. */
export const problemResponses = {
  '4xx': {
    description: 'Refused; nothing was posted. See /problems.',
    content: { 'application/problem+json': { schema: ProblemAnswer } },
  },
  '5xx': {
    description: 'Not done, or the result is not known; repeat with the same idempotency key.',
    content: { 'application/problem+json': { schema: ProblemAnswer } },
  },
};
