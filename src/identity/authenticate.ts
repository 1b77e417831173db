// Finds the platform of a token. The token must be valid and not revoked, and the platform must be
// registered and active.

import { ok, refuse, type Result } from '../kernel/problem.ts';
import { securityProblems, type PlatformTokens, type TokenClaims } from '../security/security.ts';
import type { PlatformDirectory } from './platform-directory.ts';
import { identityProblems } from './problems.ts';
import type { Platform } from './types.ts';

/**
 * Returns without a promise when the token is cached. Refuses with a token problem,
 * `unknown_platform` or `platform_suspended`.
 */
export function authenticate(
  tokens: PlatformTokens,
  directory: PlatformDirectory,
  token: string,
): Result<Platform> | Promise<Result<Platform>> {
  const verified = tokens.verify(token);
  return verified instanceof Promise
    ? verified.then((result) => admit(result, directory))
    : admit(verified, directory);
}

function admit(verified: Result<TokenClaims>, directory: PlatformDirectory): Result<Platform> {
  if (!verified.ok) return verified;
  const platform = directory.find(verified.value.platformId);
  if (platform === undefined) return refuse(identityProblems.unknown_platform());
  if (verified.value.version < platform.tokenVersion)
    return refuse(securityProblems.token_revoked());
  return platform.state === 'active' ? ok(platform) : refuse(identityProblems.platform_suspended());
}
