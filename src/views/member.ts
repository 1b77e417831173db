// A member as operators see it: its users on all platforms, and which operators linked them.

import { type Static, Type } from 'typebox';
import type { Identity } from '../identity/identity.ts';
import type { MemberId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);
/** A member with its links on all platforms. */
export const MemberView = Type.Object({
  member_id: Type.String(),
  links: Type.Array(
    Type.Object({
      platform_id: Type.String(),
      platform_user_id: Type.String(),
      linked_at: Type.String({ description: 'RFC 3339.' }),
      made_by: Type.Union([Type.String(), Type.Null()], {
        description:
          'The operator who asked for the link; null if the platform itself has linked its user.',
      }),
      approved_by: TextOrNull,
      request_id: TextOrNull,
      reason: TextOrNull,
    }),
  ),
});
/** Shows a member; undefined if no user is linked to it. */
export async function describeMember(
  identity: Pick<Identity, 'listLinks' | 'listOperatorLinks'>,
  memberId: MemberId,
): Promise<Static<typeof MemberView> | undefined> {
  const [links, words] = await Promise.all([
    identity.listLinks(memberId),
    identity.listOperatorLinks(memberId),
  ]);
  if (links.length === 0) return undefined;
  return {
    member_id: memberId,
    links: links.map(({ platformId, platformUserId, createdAtMs }) => {
      const word = words.find(
        (one) => one.platformId === platformId && one.platformUserId === platformUserId,
      );
      return {
        platform_id: platformId,
        platform_user_id: platformUserId,
        linked_at: formatMoment(createdAtMs),
        made_by: word?.madeBy ?? null,
        approved_by: word?.approvedBy ?? null,
        request_id: word?.requestId ?? null,
        reason: word?.reason ?? null,
      };
    }),
  };
}
