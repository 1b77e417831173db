// Problems of proving who a caller is, in order of precedence. Statuses and `error` texts are those
// of the source requirement (3.1, 3.2).

import { defineProblems } from '../kernel/problem.ts';

/** Problems with tokens and signatures. */
export const securityProblems = defineProblems({
  too_many_failed_tokens: {
    status: 429,
    error: 'Too many failed tokens',
    retryable: true,
    advice:
      'Many calls from your network address have a wrong token or signature. Their answers are ' +
      'delayed, and too many of them are waiting, so this call was refused at once. Correct the ' +
      'token or the signature; calls with a valid token and signature are not delayed.',
  },
  token_missing: {
    status: 401,
    error: 'Missing platform token',
    advice:
      'Send the token that the network issued to your platform in the X-Platform-Token header.',
  },
  token_expired: {
    status: 401,
    error: 'Token expired',
    advice: 'Ask the network operator for a new platform token.',
  },
  token_invalid: {
    status: 401,
    error: 'Invalid token',
    advice: 'Send the token exactly as this network issued it.',
  },
  token_revoked: {
    status: 401,
    error: 'Invalid token',
    advice: 'This platform has newer tokens, and older ones are revoked; use the one issued last.',
  },
  signature_missing: {
    status: 403,
    error: 'Invalid signature',
    advice:
      'Send X-Platform-ID, X-Timestamp and X-Signature, or Signature-Input and Signature as ' +
      'in RFC 9421.',
  },
  message_signature_required: {
    status: 403,
    error: 'Invalid signature',
    advice:
      'Your platform is set to HTTP Message Signatures: send Signature-Input and Signature as ' +
      'in RFC 9421 instead of X-Signature.',
  },
  platform_mismatch: {
    status: 403,
    error: 'Invalid signature',
    advice:
      'X-Platform-ID (or the keyid of the message signature) must name the platform that the ' +
      'token was issued to.',
  },
  signature_malformed: {
    status: 403,
    error: 'Invalid signature',
    advice:
      'X-Signature is 64 hexadecimal digits and X-Timestamp whole Unix seconds; ' +
      'Signature-Input and Signature follow RFC 9421.',
  },
  signature_incomplete: {
    status: 403,
    error: 'Invalid signature',
    advice:
      'Cover "@method", "@target-uri" (or "@path" and "@query"), "content-digest" when there ' +
      'is a body and "idempotency-key" when it is sent; give `created` and `keyid`.',
  },
  signature_stale: {
    status: 403,
    error: 'Invalid signature',
    advice: 'Sign each request when you send it. Your clock must be right to within 300 seconds.',
  },
  digest_mismatch: {
    status: 403,
    error: 'Invalid signature',
    advice: 'Content-Digest (RFC 9530) must hold the sha-256 or sha-512 of the body as it is sent.',
  },
  signature_invalid: {
    status: 403,
    error: 'Invalid signature',
    advice:
      'Sign timestamp + METHOD + path + body (path without query, body byte for byte as sent, ' +
      'empty when there is none) with HMAC-SHA256 under your secret, in hexadecimal.',
  },
});
