// POST /api/users: links a user of the calling platform to a member of the network.

import { Type } from 'typebox';
import { apiProblems, missingField } from '../../http/problems.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';
import { Tags, UserId } from '../schemas.ts';
import { closed, Success } from '../../views/schemas.ts';

const Body = closed(
  {
    platform_user_id: Type.Optional(UserId),
    user_id: Type.Optional(UserId),
    member_id: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Not needed; it creates no link. If it is given, it must be the member of the ' +
          'existing link. Every other value gets the same refusal.',
      }),
    ),
    tags: Type.Optional(Tags),
  },
  "Send the user's id as `platform_user_id`, or as `user_id`, its name in the other " +
    'operations.',
);

const Answer = Type.Object({
  success: Success,
  platform_id: Type.String(),
  platform_user_id: Type.String(),
  member_id: Type.String({ description: 'The global id (GUID).' }),
  created: Type.Boolean({ description: 'False if the link existed before.' }),
});

export const linkUser = defineRoute({
  operationId: 'linkUser',
  method: 'POST',
  url: '/api/users',
  tag: 'users',
  summary: 'Link a user',
  description:
    'Links the user to a new member of its own, unless the operators of the network have ' +
    'linked it to a member. Links are permanent. A repeated request returns the same link. A ' +
    'member has one user on each platform. If `tags` is given, they replace the tags of a new ' +
    'or an existing link.',
  body: Body,
  answer: Answer,
  responses: { 201: Answer },
  problems: ['invalid_user_id', 'member_already_linked', 'link_conflict'],
  serve:
    ({ identity }) =>
    async ({ caller: { platform }, body, reply }) => {
      const { platform_user_id: named, user_id: alias, member_id: memberId } = body;
      const userId = named ?? alias;
      if (userId === undefined) return refuse(missingField('platform_user_id'));
      if (named !== undefined && alias !== undefined && named !== alias) {
        return refuse(
          apiProblems.invalid_field('platform_user_id and user_id differ.', { field: 'user_id' }),
        );
      }
      const linked =
        memberId === undefined
          ? await identity.linkUser(platform.platformId, userId)
          : await identity.confirmLink(platform.platformId, userId, memberId);
      if (!linked.ok) return linked;
      const { tags } = body;
      const tagged =
        tags === undefined ? undefined : await identity.setTags(platform.platformId, userId, tags);
      if (tagged?.ok === false) return tagged;
      reply.code(linked.value.created ? 201 : 200);
      return ok({
        success: true as const,
        platform_id: platform.platformId,
        platform_user_id: userId,
        member_id: linked.value.memberId,
        created: linked.value.created,
      });
    },
});
