// Finds the members of platform users: every operation names users by their platform's own ids.

import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { identityProblems, type Identity } from '../identity/identity.ts';

/**
 * Finds the member of a user; `user_not_found` with the field when there is no link. Returns a
 * promise only when the link is not in memory, so that hot paths stay synchronous up to the ledger.
 */
export function resolveUser(
  identity: Identity,
  platformId: PlatformId,
  userId: string,
  field: string,
): Result<MemberId> | Promise<Result<MemberId>> {
  const member = identity.resolveMember(platformId, userId);
  return member instanceof Promise
    ? member.then((found) => toResult(found, field))
    : toResult(member, field);
}

function toResult(member: MemberId | undefined, field: string): Result<MemberId> {
  return member === undefined
    ? refuse(identityProblems.user_not_found(`${field} is not linked.`, { field }))
    : ok(member);
}
