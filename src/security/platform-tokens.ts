// Platform tokens: JWTs (HS256) that say which platform calls. A verified token is cached; its
// expiry is still checked at each use.

import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { isPlatformId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import { deriveKey, type MasterKey } from './master-key.ts';
import { securityProblems } from './problems.ts';

/**
 * The claims of a token. Whether its version is still in force is decided by the identity module.
 */
export interface TokenClaims {
  readonly platformId: PlatformId;
  readonly version: number;
  readonly expiresAtSeconds: number;
}

/** Issues and verifies platform tokens. */
export interface PlatformTokens {
  /** Signs a new token. `lifetimeSeconds` defaults to 365 days. */
  issue(platformId: PlatformId, version: number, lifetimeSeconds?: number): Promise<string>;
  /**
   * Refuses with `token_invalid` or `token_expired`. Returns a promise only for a token that is not
   * cached.
   */
  verify(token: string): Result<TokenClaims> | Promise<Result<TokenClaims>>;
}

const LIFETIME_SECONDS = 365 * 86_400;
const CACHED_TOKENS = 10_000;
const MAX_TOKEN_LENGTH = 4_096;

/** `clock` decides about issue time and expiry; the signing key is derived from the master key. */
export function createPlatformTokens(masterKey: MasterKey, clock: Clock): PlatformTokens {
  const key = deriveKey(masterKey, 'platform-token');
  const verified = new LRUCache<string, TokenClaims>({ max: CACHED_TOKENS });

  async function verifyAnew(token: string): Promise<Result<TokenClaims>> {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        requiredClaims: ['exp', 'iat', 'jti'],
        currentDate: new Date(clock.now()),
      });
      const { platform_id: platformId, ver: version, exp } = payload;
      if (
        typeof platformId !== 'string' ||
        !isPlatformId(platformId) ||
        typeof version !== 'number' ||
        exp === undefined
      )
        return refuse(securityProblems.token_invalid());
      const claims = { platformId, version, expiresAtSeconds: exp };
      verified.set(token, claims);
      return ok(claims);
    } catch (error) {
      return refuse(
        error instanceof errors.JWTExpired
          ? securityProblems.token_expired()
          : securityProblems.token_invalid(),
      );
    }
  }

  return {
    issue(platformId, version, lifetimeSeconds = LIFETIME_SECONDS) {
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({ platform_id: platformId, ver: version })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .setJti(randomUUID())
        .sign(key);
    },
    verify(token) {
      const claims = verified.get(token);
      if (claims !== undefined)
        return claims.expiresAtSeconds > clock.now() / 1000
          ? ok(claims)
          : refuse(securityProblems.token_expired());
      return token.length > MAX_TOKEN_LENGTH
        ? refuse(securityProblems.token_invalid())
        : verifyAnew(token);
    },
  };
}
