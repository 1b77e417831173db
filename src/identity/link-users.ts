// Links platform users to members: permanent, one user per member and platform, and repeatable
// without effect.

import { deriveMemberId, type MemberId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Pool } from '../runtime/database.ts';
import { identityProblems } from './problems.ts';
import { insertLinks, memberExists, selectLink } from './store.ts';
import { faultOfNewUserId } from './user-id.ts';

export interface LinkedUser {
  readonly memberId: MemberId;
  /** False when the link was there before. */
  readonly created: boolean;
}

/**
 * Links one user to the member that its id derives (source requirement 2.2), or, for the program's
 * own code, to the given one.
 */
export async function linkUser(
  pool: Pool,
  platformId: PlatformId,
  userId: string,
  given: MemberId | undefined,
): Promise<Result<LinkedUser>> {
  const existing = await selectLink(pool, platformId, userId);
  if (existing !== undefined) return existingLink(existing.memberId, given);
  const fault = faultOfNewUserId(userId);
  if (fault !== undefined) return refuse(identityProblems.invalid_user_id(`The user id ${fault}.`));
  if (given !== undefined && !(await memberExists(pool, given)))
    return refuse(identityProblems.member_not_found());

  const memberId = given ?? deriveMemberId(platformId, userId);
  const inserted = await insertLinks(pool, platformId, [userId], [memberId]);
  if (inserted.has(userId)) return ok({ memberId, created: true });
  // Somebody was faster, or the member has another user here; links are never deleted, so this look
  // is final.
  const winner = await selectLink(pool, platformId, userId);
  return winner === undefined
    ? refuse(identityProblems.member_already_linked())
    : existingLink(winner.memberId, given);
}

/**
 * A platform says which member its user is: it is only ever the link that is there. Whatever else
 * the id may be, of somebody, of nobody or none at all, the answer is the same, and no more is
 * looked at than the platform's own user.
 */
export async function confirmLink(
  pool: Pool,
  platformId: PlatformId,
  userId: string,
  claimed: string,
): Promise<Result<LinkedUser>> {
  const existing = await selectLink(pool, platformId, userId);
  return existing?.memberId === claimed
    ? ok({ memberId: existing.memberId, created: false })
    : refuse(identityProblems.link_conflict());
}

function existingLink(memberId: MemberId, given: MemberId | undefined): Result<LinkedUser> {
  return given === undefined || given === memberId
    ? ok({ memberId, created: false })
    : refuse(identityProblems.link_conflict());
}

/**
 * Links many users of one platform to their derived members; returns how many links are new. Users
 * already linked stay as they are; ids that may not be linked are passed over.
 */
export async function linkUsers(
  pool: Pool,
  platformId: PlatformId,
  userIds: readonly string[],
): Promise<number> {
  const distinct = [...new Set(userIds)].filter((userId) => faultOfNewUserId(userId) === undefined);
  let created = 0;
  for (let start = 0; start < distinct.length; start += BATCH) {
    const batch = distinct.slice(start, start + BATCH);
    created += (
      await insertLinks(
        pool,
        platformId,
        batch,
        batch.map((userId) => deriveMemberId(platformId, userId)),
      )
    ).size;
  }
  return created;
}

const BATCH = 1_000;
