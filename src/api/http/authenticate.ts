// Authenticates the platform that calls. The checks in order: token, platform registered and
// active, signature headers, time, signature. The body is not read as JSON before all of them pass.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { refuse, type Result } from '../../kernel/problem.ts';
import type { Platform } from '../../identity/identity.ts';
import {
  securityProblems,
  verifyMessageSignature,
  verifyRequestSignature,
} from '../../security/security.ts';
import type { ApiParts } from '../parts.ts';
import { answerProblem, pathOf } from '../../http/answer-problem.ts';
import type { FailedTokens } from './failed-tokens.ts';

const SIGNATURE_INVALID = securityProblems.signature_invalid().code;

type Done = (error?: Error) => void;

/**
 * Returns the onRequest hook that checks `X-Platform-Token`. It runs before the body is read, so a
 * caller without a valid token cannot make the server read one.
 */
export function requireToken({ identity, ledger }: ApiParts, failedTokens: FailedTokens) {
  function admit(
    result: Result<Platform>,
    request: FastifyRequest,
    reply: FastifyReply,
    done: Done,
  ): void {
    if (!result.ok) return void failedTokens.answer(request, reply, result.problem);
    const points = ledger.pointsOf(result.value.platformId);
    // Another process has just added the platform; this process has not loaded its asset yet.
    if (points === undefined)
      return void answerProblem(request, reply, ledgerProblems.unavailable());
    request.platform = result.value;
    request.caller = { platform: result.value, points };
    done();
  }
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const token = request.headers['x-platform-token'];
    if (typeof token !== 'string' || token === '')
      return void answerProblem(request, reply, securityProblems.token_missing());
    const result = identity.authenticate(token);
    if (result instanceof Promise)
      result.then((value) => admit(value, request, reply, done)).catch(done);
    else admit(result, request, reply, done);
  };
}

/**
 * Returns the preValidation hook that checks the signature. At this point the body is still the
 * bytes that were sent. Accepts `X-Signature`, or an HTTP Message Signature (RFC 9421).
 */
export function requireSignature({ clock }: ApiParts, failedTokens: FailedTokens) {
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const result = verify(request, clock.now());
    if (!result.ok) return void failedTokens.answer(request, reply, result.problem);
    request.signature = result.value;
    const { 'x-signature': own, 'x-timestamp': timestamp } = request.headers;
    if (own !== undefined) request.signedAt = Number(timestamp);
    done();
  };
}

function verify(request: FastifyRequest, nowMs: number): Result<string> {
  const { headers, platform } = request;
  const body = request.body instanceof Buffer ? request.body : undefined;
  if (platform === undefined) return refuse(securityProblems.token_missing());
  const named = headers['x-platform-id'];
  const signature = headers['x-signature'];
  if (signature === undefined && headers['signature-input'] !== undefined) {
    if (named !== undefined && named !== platform.platformId)
      return refuse(securityProblems.platform_mismatch());
    return verifyByEither(platform, nowMs, (key) =>
      verifyMessageSignature(
        key,
        platform.platformId,
        { method: request.method, target: request.url, headers, body },
        nowMs,
      ),
    );
  }
  if (platform.signing === 'rfc9421') return refuse(securityProblems.message_signature_required());
  const timestamp = headers['x-timestamp'];
  if (typeof signature !== 'string' || typeof timestamp !== 'string' || typeof named !== 'string')
    return refuse(securityProblems.signature_missing());
  if (named !== platform.platformId) return refuse(securityProblems.platform_mismatch());
  return verifyByEither(platform, nowMs, (key) =>
    verifyRequestSignature(
      key,
      { timestamp, method: request.method, path: pathOf(request), body },
      signature,
      nowMs,
    ),
  );
}

/**
 * Verifies with the secret in force, and after a rotation also with the former one until it ends.
 */
function verifyByEither(
  { secretKey, formerSecret }: Platform,
  nowMs: number,
  verify: (key: Platform['secretKey']) => Result<string>,
): Result<string> {
  const verified = verify(secretKey);
  if (
    verified.ok ||
    verified.problem.code !== SIGNATURE_INVALID ||
    formerSecret === undefined ||
    nowMs >= formerSecret.untilMs
  )
    return verified;
  return verify(formerSecret.key);
}
