// PUT /api/users/{platform_user_id}/tags: replaces the tags that the calling platform has put on
// one of its users; rule conditions can test them.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';
import { Tags, TagsView, UserId } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({ platform_user_id: UserId });
const Body = closed({ tags: Tags });
const Answer = Type.Object({ platform_user_id: Type.String(), tags: TagsView });

export const setTags = defineRoute({
  operationId: 'setTags',
  method: 'PUT',
  url: '/api/users/:platform_user_id/tags',
  tag: 'users',
  summary: 'Set the tags of a user',
  description:
    'Replaces all tags of the user; an empty list removes them. All processes use the new tags ' +
    'within a second.',
  params: Params,
  body: Body,
  answer: Answer,
  problems: ['user_not_found'],
  serve:
    ({ identity }) =>
    async ({ caller, params, body }) => {
      const { platform_user_id: userId } = params;
      const set = await identity.setTags(caller.platform.platformId, userId, body.tags);
      if (!set.ok) return set;
      return ok({ platform_user_id: userId, tags: [...set.value] });
    },
});
