// Links users of platforms to members that exist already, on the word of operators: an id of a
// member alone says nothing of who may claim it.
// All of a list or none of it; who asked, who approved and why is kept with each link.

import type { Problem } from '../kernel/problem.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { identityProblems } from './problems.ts';
import { insertMemberLinks, noteMemberLinks, selectLinkFacts, type LinkFacts } from './store.ts';
import type { Maker, MemberLink } from './types.ts';
import { faultOfNewUserId, showUserId } from './user-id.ts';
import type { Queryable } from '../runtime/database.ts';

export interface LinksCheck {
  /** Of these, links that are not there yet. */
  readonly fresh: readonly MemberLink[];
}

/** What would be linked; or why the first that cannot be is refused, by its number in the list. */
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

/** Within the caller's dbTransaction. Answers how many links are new. */
export async function linkMembers(
  db: Queryable,
  wanted: readonly MemberLink[],
  word: Maker,
): Promise<Result<number>> {
  const checked = await checkMemberLinks(db, wanted);
  if (!checked.ok) return checked;
  const { fresh } = checked.value;
  await db.query('savepoint linking');
  if ((await insertMemberLinks(db, fresh)) < fresh.length) {
    // Somebody has linked one of them meanwhile; links are never deleted, so this look says which.
    await db.query('rollback to savepoint linking');
    const again = await checkMemberLinks(db, wanted);
    return again.ok ? refuse(identityProblems.user_already_linked()) : again;
  }
  await noteMemberLinks(db, fresh, word);
  return ok(fresh.length);
}
