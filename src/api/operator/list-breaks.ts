// /operator/breaks: differences that reconciliation has found, and what operators do about them.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  BREAK_CATEGORIES,
  BREAK_STATES,
  disputeBreak,
  type BreakStory,
} from '../../clearing/reconciliation/reconciliation.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import type { Result } from '../../kernel/problem.ts';
import { describeForOperator, OperatorDisputeView, SideText } from '../../views/dispute.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses, text } from '../schemas.ts';
import { answerAsked, askedResponse } from '../ask-for-act.ts';
import {
  BreaksView,
  BreakWithActions,
  describeBreaks,
  describeBreakWithActions,
} from '../../views/reconciliation.ts';

const Query = closed({
  platform_id: Type.Optional(PlatformIdText),
  category: Type.Optional(Type.Enum([...BREAK_CATEGORIES])),
  state: Type.Optional(Type.Enum([...BREAK_STATES], { description: 'open when absent.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: '100 when absent.' }),
  ),
});
const Params = closed({ break_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
const Reason = closed({ reason: text(500, 'Why; kept with the break.') });
const Claim = closed(
  {
    reason: text(500, 'What is wrong; told to both sides.'),
    side: Type.Optional(SideText),
  },
  'side is the one that claims; source when absent.',
);
const Note = closed({
  note: text(2_000, 'What was found out, or who looks after it; kept with the break.'),
});
const story = { response: { 200: BreakWithActions, ...problemResponses } };

interface OfBreak {
  Params: Static<typeof Params>;
}

export function breaks(server: FastifyInstance, parts: ApiParts): void {
  const { reconciliation, ledger, clock } = parts;
  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    work: Promise<Result<BreakStory>>,
  ): Promise<Static<typeof BreakWithActions> | FastifyReply> {
    const done = await work;
    return done.ok
      ? describeBreakWithActions(done.value, ledger, clock.now())
      : answerProblem(request, reply, done.problem);
  }
  const wordOf = (request: FastifyRequest<OfBreak>): { breakId: string; operatorId: string } => ({
    breakId: request.params.break_id,
    operatorId: operatorOf(request).operatorId,
  });

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/breaks',
    {
      schema: {
        operationId: 'listBreaks',
        tags: ['operator'],
        summary: 'Differences between the network and platforms',
        description: 'Oldest first.',
        querystring: Query,
        response: { 200: BreaksView, ...problemResponses },
      },
    },
    async ({ query: { platform_id: platformId, category, state = 'open', limit = 100 } }) => {
      const [found, open] = await Promise.all([
        reconciliation.listBreaks(
          { platformId: platformId as PlatformId | undefined, category, state },
          limit,
        ),
        reconciliation.countOpen(),
      ]);
      return describeBreaks(found, open, ledger, clock.now());
    },
  );

  server.get<OfBreak>(
    '/operator/breaks/:break_id',
    {
      schema: {
        operationId: 'getBreak',
        tags: ['operator'],
        summary: 'One difference, with what operators did about it',
        params: Params,
        ...story,
      },
    },
    (request, reply) => answer(request, reply, reconciliation.find(request.params.break_id)),
  );

  server.post<OfBreak>(
    '/operator/breaks/:break_id/recheck',
    {
      schema: {
        operationId: 'recheckBreak',
        tags: ['operator'],
        summary: 'Ask the platform again',
        description:
          'Looks the transaction up at the platform and closes the break when both sides ' +
          'agree by now; of a total, a reconciliation is asked for.',
        params: Params,
        body: closed({}),
        ...story,
      },
    },
    (request, reply) => answer(request, reply, reconciliation.recheck(wordOf(request))),
  );

  server.post<OfBreak & { Body: Static<typeof Reason> }>(
    '/operator/breaks/:break_id/accept',
    {
      schema: {
        operationId: 'acceptBreak',
        tags: ['operator'],
        summary: 'Accept a difference as it is',
        description:
          'Moves no points. It opens again when its figures change; an accepted difference of ' +
          'totals is part of what is expected from then on.',
        params: Params,
        body: Reason,
        response: { ...askedResponse, ...problemResponses },
      },
    },
    (request, reply) =>
      answerAsked(request, reply, parts, {
        act: 'break_accept',
        arguments: { break_id: request.params.break_id },
        reason: request.body.reason,
      }),
  );

  server.post<OfBreak & { Body: Static<typeof Reason> }>(
    '/operator/breaks/:break_id/adjust',
    {
      schema: {
        operationId: 'adjustBreak',
        tags: ['operator'],
        summary: 'Give back what the target platform has not credited',
        description:
          'For a transfer to a connected platform that says it has credited less than it was ' +
          'paid for:' +
          ' the member of the source gets the points back, and the platform pays for them. ' +
          'The difference is' +
          ' closed, and the adjustment is posted within seconds of the approval, once.',
        params: Params,
        body: Reason,
        response: { ...askedResponse, ...problemResponses },
      },
    },
    (request, reply) =>
      answerAsked(request, reply, parts, {
        act: 'break_adjust',
        arguments: { break_id: request.params.break_id },
        reason: request.body.reason,
      }),
  );

  server.post<OfBreak & { Body: Static<typeof Claim> }>(
    '/operator/breaks/:break_id/dispute',
    {
      schema: {
        operationId: 'disputeBreak',
        tags: ['operator'],
        summary: 'Dispute the transaction of a difference',
        description:
          'Opens a dispute for one side and notes it at the break; another operator decides ' +
          'it, with a reversal or an adjustment. The same break gives the same dispute again.',
        params: Params,
        body: Claim,
        response: { 200: OperatorDisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const opened = await disputeBreak(parts, { ...wordOf(request), ...request.body });
      return opened.ok
        ? describeForOperator(opened.value, ledger, parts.disputes)
        : answerProblem(request, reply, opened.problem);
    },
  );

  server.post<OfBreak & { Body: Static<typeof Note> }>(
    '/operator/breaks/:break_id/note',
    {
      schema: {
        operationId: 'noteBreak',
        tags: ['operator'],
        summary: 'Note what was found out',
        params: Params,
        body: Note,
        ...story,
      },
    },
    (request, reply) =>
      answer(request, reply, reconciliation.note({ ...wordOf(request), note: request.body.note })),
  );
}
