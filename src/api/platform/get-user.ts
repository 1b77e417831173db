// GET /api/users/{platform_user_id}: the member and the tags of a user of the calling platform.

import { Type } from 'typebox';
import { identityProblems } from '../../identity/identity.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { defineRoute } from '../define-route.ts';
import { TagsView, UserId } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({ platform_user_id: UserId });

const Answer = Type.Object({
  platform_id: Type.String(),
  platform_user_id: Type.String(),
  member_id: Type.String({ description: 'The global id (GUID).' }),
  tags: TagsView,
  linked_at: Type.String({ description: 'RFC 3339.' }),
});

export const getUser = defineRoute({
  operationId: 'getUser',
  method: 'GET',
  url: '/api/users/:platform_user_id',
  tag: 'users',
  summary: 'Find the member of a user',
  params: Params,
  answer: Answer,
  problems: ['user_not_found'],
  serve:
    ({ identity }) =>
    async ({ caller: { platform }, params }) => {
      const link = await identity.findLink(platform.platformId, params.platform_user_id);
      if (link === undefined) return refuse(identityProblems.user_not_found());
      return ok({
        platform_id: link.platformId,
        platform_user_id: link.platformUserId,
        member_id: link.memberId,
        tags: [...link.tags],
        linked_at: formatMoment(link.createdAtMs),
      });
    },
});
