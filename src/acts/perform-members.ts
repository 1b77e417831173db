// Acts about the identity of members: links users of platforms to a member, in the commit that ends
// the request.

import type { MemberLink } from '../identity/identity.ts';
import type { MemberId } from '../kernel/ids.ts';
import { ok } from '../kernel/problem.ts';
import type { Performer } from './types.ts';

/** As an argument of a request, which the second person reads. */
interface WrittenLink {
  readonly platform_id: string;
  readonly platform_user_id: string;
  readonly member_id: string;
}

/** How many links the description of a request names. */
const NAMED = 3;

export function writeLinks(links: readonly MemberLink[]): string {
  return JSON.stringify(
    links.map(({ platformId, platformUserId, memberId }): WrittenLink => ({
      platform_id: platformId,
      platform_user_id: platformUserId,
      member_id: memberId,
    })),
  );
}

function readLinks(text: string): MemberLink[] {
  const written: readonly WrittenLink[] = JSON.parse(text);
  return written.map((link) => ({
    platformId: link.platform_id,
    platformUserId: link.platform_user_id,
    memberId: link.member_id as MemberId,
  }));
}

export const memberLink: Performer<'links'> = {
  arguments: ['links'],
  inCommit: true,
  async describe({ links }, { identity }) {
    const wanted = readLinks(links);
    const checked = await identity.checkMemberLinks(wanted);
    if (!checked.ok) return checked;
    const named = wanted
      .slice(0, NAMED)
      .map(
        ({ platformId, platformUserId, memberId }) =>
          `${platformUserId} of ${platformId} to ${memberId}`,
      );
    const more = wanted.length > NAMED ? `, and ${wanted.length - NAMED} more` : '';
    return ok({
      words:
        `Link ${wanted.length === 1 ? 'one user' : `${wanted.length} users`}, for ever: ` +
        `${named.join(', ')}${more}.`,
      circumstances: { new_links: String(checked.value.fresh.length) },
    });
  },
  async perform({ links }, { askedBy, approvedBy, requestId, reason }, { identity }, client) {
    const linked = await identity.linkMembers(
      readLinks(links),
      { madeBy: askedBy, approvedBy, requestId, reason },
      client,
    );
    return linked.ok ? ok({ outcome: { linked: String(linked.value) } }) : linked;
  },
};
