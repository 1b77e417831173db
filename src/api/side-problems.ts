// The problems that every route of a side can answer: malformed requests, failed authentication,
// and failures of the server.

import type { ProblemCode } from './problem-catalogue.ts';

const OF_ANY_REQUEST: readonly ProblemCode[] = [
  'malformed_request',
  'malformed_url',
  'request_timeout',
  'headers_too_large',
  'expectation_failed',
  'body_too_large',
  'unsupported_media_type',
  'invalid_json',
  'inexact_number',
  'duplicate_name',
  'missing_field',
  'unknown_field',
  'invalid_field',
  'unavailable',
  'internal_error',
];

/** Codes by side; `open` is for routes that anybody may call. */
export const SIDE_PROBLEMS: Readonly<
  Record<'platform' | 'operator' | 'open', readonly ProblemCode[]>
> = {
  platform: [
    ...OF_ANY_REQUEST,
    'token_missing',
    'token_expired',
    'token_invalid',
    'token_revoked',
    'unknown_platform',
    'platform_suspended',
    'signature_missing',
    'message_signature_required',
    'platform_mismatch',
    'signature_malformed',
    'signature_incomplete',
    'signature_stale',
    'digest_mismatch',
    'signature_invalid',
    'too_many_failed_tokens',
  ],
  operator: [
    ...OF_ANY_REQUEST,
    'operator_token_missing',
    'operator_token_invalid',
    'operator_suspended',
    'too_many_failed_tokens',
  ],
  open: OF_ANY_REQUEST,
};
