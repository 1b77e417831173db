// Links platform users to members. A link is permanent, and a member has at most one user on each
// platform. Repeating the call changes nothing.

import { deriveMemberId, type MemberId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Pool } from '../runtime/database.ts';
import { identityProblems } from './problems.ts';
import { insertLinks, memberExists, selectLink } from './store.ts';
import { faultOfNewUserId } from './user-id.ts';

/** The result of linking a user. */
export interface LinkedUser {
  readonly memberId: MemberId;
  /** False when the link existed before. */
  readonly created: boolean;
}

/**
 * Links one user to the member that its id derives (source requirement 2.2), or to the given
 * member, which only the program's own code may choose. Refuses with `invalid_user_id`,
 * `member_not_found`, `member_already_linked` or `link_conflict`.
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
  // Another call was faster, or the member has another user on this platform. Links are never
  // deleted, so this second look is final.
  const winner = await selectLink(pool, platformId, userId);
  return winner === undefined
    ? refuse(identityProblems.member_already_linked())
    : existingLink(winner.memberId, given);
}

/**
 * Confirms the link that a user already has. A platform cannot choose the member: for any other id,
 * whether it is another member's or none at all, the answer is the same. Only the platform's own
 * user is looked up.
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
 * Links many users of one platform to their derived members, and returns the number of new links.
 * Existing links stay as they are; ids that may not be linked are skipped.
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
