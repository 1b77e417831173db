// POST /operator/windows/{window_id}/leave-out, /abort and /take-back, and the decision on them:
// what operators do with a window that is not paid as it should be. One proposes, another one
// approves.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { ActKind, Participant, SettlementAct } from '../../clearing/settlement/settlement.ts';
import { ActView, describeAct, WindowParams } from '../../views/window.ts';
import { identityProblems } from '../../identity/identity.ts';
import type { Result } from '../../kernel/problem.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import { Reason } from '../../views/reserve.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses, text } from '../schemas.ts';

const ActParams = closed({
  ...WindowParams.properties,
  act_id: text(64, 'An act_id that this API answered.'),
});
const LeaveOutBody = closed({ platform_id: PlatformIdText, reason: Reason });
const AbortBody = closed({ reason: Reason });
const TakeBackBody = closed({
  participants: Type.Optional(
    Type.Array(text(40, 'A platform_id, or `@network`.'), {
      maxItems: 10_000,
      description: "Whose obligations; everybody's when absent.",
    }),
  ),
  reason: Reason,
});
type Params = Static<typeof WindowParams>;

export function postWindowAct(server: FastifyInstance, { settlement, identity }: ApiParts): void {
  const propose = async (
    request: FastifyRequest<{ Params: Params; Body: { readonly reason: string } }>,
    reply: FastifyReply,
    kind: ActKind,
    participants: readonly string[],
  ) =>
    answer(
      request,
      reply,
      await settlement.proposeAct({
        windowId: request.params.window_id,
        kind,
        participants: participants as readonly Participant[],
        reason: request.body.reason,
        operatorId: operatorOf(request).operatorId,
      }),
    );

  server.post<{ Params: Params; Body: Static<typeof LeaveOutBody> }>(
    '/operator/windows/:window_id/leave-out',
    {
      schema: {
        operationId: 'proposeLeaveOut',
        tags: ['operator'],
        summary: 'Propose to leave out a platform that cannot pay',
        description:
          'What is not paid yet is netted again without it, what was paid in part stays, its ' +
          'debt and its claims go over to the window that is open then, and it is suspended; ' +
          'once another operator has approved it.',
        params: WindowParams,
        body: LeaveOutBody,
        response: { 200: ActView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const platform = identity.findPlatform(request.body.platform_id);
      return platform === undefined
        ? answerProblem(request, reply, identityProblems.platform_not_found())
        : propose(request, reply, 'leave_out', [platform.platformId]);
    },
  );

  server.post<{ Params: Params; Body: Static<typeof AbortBody> }>(
    '/operator/windows/:window_id/abort',
    {
      schema: {
        operationId: 'proposeAbort',
        tags: ['operator'],
        summary: 'Propose to abort a settlement',
        description:
          'What was taken is given back and what was paid out is taken back, out of and into ' +
          'the prefunds; then the window is closed again, to be proposed anew. Once another ' +
          'operator has approved it.',
        params: WindowParams,
        body: AbortBody,
        response: { 200: ActView, ...problemResponses },
      },
    },
    (request, reply) => propose(request, reply, 'abort', []),
  );

  server.post<{ Params: Params; Body: Static<typeof TakeBackBody> }>(
    '/operator/windows/:window_id/take-back',
    {
      schema: {
        operationId: 'proposeTakeBack',
        tags: ['operator'],
        summary: 'Propose to take unpaid obligations back',
        description:
          'What is not paid is no longer tried, once another operator has approved it, and ' +
          'waits to be proposed anew. Before anything of the window was paid all of it is ' +
          'taken back: it is closed again.',
        params: WindowParams,
        body: TakeBackBody,
        response: { 200: ActView, ...problemResponses },
      },
    },
    (request, reply) =>
      propose(request, reply, 'take_back', [...new Set(request.body.participants ?? [])]),
  );

  server.post<{ Params: Static<typeof ActParams> }>(
    '/operator/windows/:window_id/acts/:act_id/approve',
    {
      schema: {
        operationId: 'approveSettlementAct',
        tags: ['operator'],
        summary: 'Approve what another operator proposed to do with a window',
        description: 'What follows from it is paid at once, as far as it can be.',
        params: ActParams,
        body: closed({}),
        response: { 200: ActView, ...problemResponses },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        await settlement.approveAct({
          windowId: request.params.window_id,
          actId: request.params.act_id,
          operatorId: operatorOf(request).operatorId,
        }),
      ),
  );

  server.post<{ Params: Static<typeof ActParams> }>(
    '/operator/windows/:window_id/acts/:act_id/withdraw',
    {
      schema: {
        operationId: 'withdrawSettlementAct',
        tags: ['operator'],
        summary: 'Take a proposed act back',
        description: 'By whoever proposed it or any other operator, while it is open.',
        params: ActParams,
        body: closed({}),
        response: { 200: ActView, ...problemResponses },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        await settlement.withdrawAct({
          windowId: request.params.window_id,
          actId: request.params.act_id,
          operatorId: operatorOf(request).operatorId,
        }),
      ),
  );
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  made: Result<SettlementAct>,
): FastifyReply | Static<typeof ActView> {
  return made.ok ? describeAct(made.value) : answerProblem(request, reply, made.problem);
}
