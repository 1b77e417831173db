// Links users of platforms to existing members, as operators have decided: an id of a member alone
// does not prove whose member it is. A list is linked completely or not at all. Each link keeps who
// asked for it, who approved it and why.

import type { Problem } from '../kernel/problem.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { identityProblems } from './problems.ts';
import { insertMemberLinks, noteMemberLinks, selectLinkFacts, type LinkFacts } from './store.ts';
import type { Maker, MemberLink } from './types.ts';
import { faultOfNewUserId, showUserId } from './user-id.ts';
import type { Queryable } from '../runtime/database.ts';

/** The result of checking links. */
export interface LinksCheck {
  /** The links of the list that do not exist yet. */
  readonly fresh: readonly MemberLink[];
}

/**
 * Returns the links that would be made, or the problem with the first impossible one; the problem
 * names its number in the list.
 */
export async function checkMemberLinks(
  db: Queryable,
  wanted: readonly MemberLink[],
): Promise<Result<LinksCheck>> {
  const facts = await selectLinkFacts(db, wanted);
  const users = new Map<string, string>();
  const members = new Map<string, string>();
  const fresh: MemberLink[] = [];
  for (const [index, link] of wanted.entries()) {
    const { platformId, platformUserId, memberId } = link;
    const found = facts[index];
    if (found === undefined) throw new Error(`link ${index} of ${wanted.length} was not looked up`);
    const sameUser = users.get(`${platformId}\n${platformUserId}`) ?? memberId;
    const sameMember = members.get(`${platformId}\n${memberId}`) ?? platformUserId;
    const problem = problemOf(
      link,
      { ...found, linkedTo: found.linkedTo ?? sameUser, userThere: found.userThere ?? sameMember },
      found.linkedTo === null,
    );
    if (problem !== undefined) {
      const user = `${showUserId(platformUserId)} on ${platformId}`;
      return refuse(
        problem(`Link ${index + 1} of ${wanted.length}, of ${user}, cannot be made.`, { index }),
      );
    }
    if (found.linkedTo === null && !users.has(`${platformId}\n${platformUserId}`)) fresh.push(link);
    users.set(`${platformId}\n${platformUserId}`, memberId);
    members.set(`${platformId}\n${memberId}`, platformUserId);
  }
  return ok({ fresh });
}

type Refusal = (detail: string, extra: Problem['extra']) => Problem;

function problemOf(
  { platformUserId, memberId }: MemberLink,
  found: LinkFacts,
  isNew: boolean,
): Refusal | undefined {
  if (!found.platformKnown) return identityProblems.platform_not_found;
  if (!found.memberKnown) return identityProblems.member_not_found;
  if (found.linkedTo !== memberId) return identityProblems.user_already_linked;
  if (found.userThere !== platformUserId) return identityProblems.member_already_linked;
  const fault = isNew ? faultOfNewUserId(platformUserId) : undefined;
  return fault === undefined
    ? undefined
    : (detail, extra) => identityProblems.invalid_user_id(`${detail} The id ${fault}.`, extra);
}

/** Makes the links within the caller's dbTransaction. Returns how many are new. */
export async function linkMembers(
  db: Queryable,
  wanted: readonly MemberLink[],
  maker: Maker,
): Promise<Result<number>> {
  const checked = await checkMemberLinks(db, wanted);
  if (!checked.ok) return checked;
  const { fresh } = checked.value;
  await db.query('savepoint linking');
  if ((await insertMemberLinks(db, fresh)) < fresh.length) {
    // Another process has made one of these links in the meantime. Links are never deleted, so the
    // second check finds it.
    await db.query('rollback to savepoint linking');
    const again = await checkMemberLinks(db, wanted);
    return again.ok ? refuse(identityProblems.user_already_linked()) : again;
  }
  await noteMemberLinks(db, fresh, maker);
  return ok(fresh.length);
}
