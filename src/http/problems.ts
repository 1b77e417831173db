// Problems of a request that are found before it reaches a module, in order of precedence.

import { defineProblems, type Problem } from '../kernel/problem.ts';

/** Problems of requests in general. */
export const apiProblems = defineProblems({
  malformed_request: {
    status: 400,
    error: 'Malformed request',
    advice: 'Send a well-formed HTTP/1.1 request.',
  },
  expectation_failed: {
    status: 417,
    error: 'Expectation failed',
    advice: 'Only "Expect: 100-continue" is supported; leave any other expectation out.',
  },
  request_timeout: {
    status: 408,
    error: 'Request timeout',
    retryable: true,
    advice: 'Send the whole request without long pauses.',
  },
  headers_too_large: {
    status: 431,
    error: 'Request headers too large',
    advice: 'Keep all request headers together below 16 KiB.',
  },
  malformed_url: {
    status: 400,
    error: 'Malformed URL',
    advice: 'Percent-encode the path and the query as UTF-8 and give each query parameter once.',
  },
  not_found: {
    status: 404,
    error: 'Not found',
    advice: 'This resource does not exist; /openapi.json lists all paths.',
  },
  method_not_allowed: {
    status: 405,
    error: 'Method not allowed',
    advice: 'Use one of the methods in the Allow header.',
  },
  body_too_large: {
    status: 413,
    error: 'Request body too large',
    advice: 'Send at most 1 MiB, or 2 MiB to the batch endpoint.',
  },
  unsupported_media_type: {
    status: 415,
    error: 'Unsupported media type',
    advice: 'Send a body as application/json in UTF-8, without content encoding.',
  },
  invalid_idempotency_key: {
    status: 400,
    error: 'Invalid idempotency key',
    advice: 'Send an Idempotency-Key of 1 to 255 visible ASCII characters.',
  },
  idempotency_keys_differ: {
    status: 400,
    error: 'Idempotency keys differ',
    advice:
      'Send the key in one place only: `idempotency_key` in the body or the Idempotency-Key ' +
      'header. If you send both, they must be equal.',
  },
  invalid_json: {
    status: 400,
    error: 'Invalid JSON',
    advice: 'Send one JSON object in UTF-8.',
  },
  inexact_number: {
    status: 400,
    error: 'Number out of range',
    advice: 'Reading this number would round it; send it as a decimal string, such as "12.50".',
  },
  duplicate_name: {
    status: 400,
    error: 'Duplicate name in JSON',
    advice:
      'An object in the body has the same field twice, so it is not clear which value is meant. ' +
      'Send each field once.',
  },
  missing_user_id: {
    status: 400,
    error: 'Missing user_id',
    advice: "Give the user_id of your platform's user in the query.",
  },
  missing_field: {
    status: 400,
    error: 'Missing required field',
    advice: 'Add the field to the body.',
  },
  missing_fields: {
    status: 400,
    error: 'Missing required fields',
    advice: 'All of user_id, amount and reward_id are required and must not be empty.',
  },
  unknown_field: {
    status: 400,
    error: 'Unknown field',
    advice: 'Remove it, or correct its spelling; fields are listed in /openapi.json.',
  },
  invalid_field: {
    status: 400,
    error: 'Invalid field',
    advice: 'Types and limits of all fields are listed in /openapi.json.',
  },
  amount_not_a_number: {
    status: 400,
    error: 'Invalid amount',
    advice: 'Give a JSON number or a decimal string such as "12.50".',
  },
  amount_not_positive: {
    status: 400,
    error: 'Invalid amount',
    advice: 'The amount must be greater than zero.',
  },
  amount_too_precise: {
    status: 400,
    error: 'Invalid amount',
    advice: 'Amounts are never rounded; send no more decimals than the points have.',
  },
  amount_too_large: {
    status: 400,
    error: 'Invalid amount',
    advice:
      'An amount is at most 10^15 minor units, which is 10,000,000,000,000.00 points with two ' +
      'decimals.',
  },
  not_reversible_by_you: {
    status: 403,
    error: 'Not yours to reverse',
    advice: 'Only the platform whose points moved first can reverse a transaction.',
  },
  internal_error: {
    status: 500,
    error: 'Internal error',
    advice:
      'This is a defect of the service; report it with the request_id. It is safe to retry with ' +
      'the same idempotency key.',
  },
});

/** `missing_field` for one field. The source requirement names the field in `error` itself. */
export function missingField(field: string): Problem {
  return {
    ...apiProblems.missing_field(`${field} is missing.`, { field }),
    error: `Missing required field: ${field}`,
  };
}
