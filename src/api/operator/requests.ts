// /operator/requests: acts that take two persons. One operator has asked; another one looks at what
// will be done, and approves or rejects it.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import type { ActRequest, ActRequestNow, NewActRequest } from '../../acts/acts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text } from '../schemas.ts';

const DEFAULT_LIMIT = 100;
const STATES = ['open', 'approved', 'done', 'failed', 'rejected', 'withdrawn', 'expired'] as const;

const Texts = Type.Record(Type.String(), Type.String());
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
export const ActRequestView = Type.Object({
  request_id: Type.String(),
  act: Type.String({ description: 'Its name in the table of acts (docs/operating.md).' }),
  state: Type.String({
    enum: [...STATES],
    description: '`approved`: it is being done; a crash between is mended within seconds.',
  }),
  words: Type.String({ description: 'What will be done.' }),
  arguments: Type.Unsafe<Static<typeof Texts>>({
    ...Texts,
    description: 'Of what nobody may see, the beginning of its SHA-256.',
  }),
  circumstances: Type.Unsafe<Static<typeof Texts>>({
    ...Texts,
    description: 'What mattered when it was asked.',
  }),
  fingerprint: Type.String({
    description:
      'Stands for the act, its arguments, its words and the circumstances when it was asked.',
  }),
  reason: Type.String(),
  made_by: Type.String(),
  made_at: Type.String({ description: 'RFC 3339.' }),
  expires_at: Type.String({ description: 'RFC 3339; without approval it has expired then.' }),
  decided_by: TextOrNull,
  decided_at: TextOrNull,
  decision_reason: TextOrNull,
  ended_at: TextOrNull,
  outcome: Type.Union([Texts, Type.Null()], { description: 'What came of it.' }),
  failed_with: Type.Union([Type.String(), Type.Null()], {
    description: 'The code of the problem that the act met when it was done.',
  }),
});
const OneRequest = Type.Interface([ActRequestView], {
  circumstances_now: Type.Union([Texts, Type.Null()], {
    description: 'What matters to it now; null once it has ended, or cannot be done.',
  }),
  fingerprint_now: Type.Union([Type.String(), Type.Null()], {
    description: 'What an approval has to name where circumstances have changed.',
  }),
  obstacle: Type.Union([Type.String(), Type.Null()], { description: 'Why it cannot be done now.' }),
});
const ApprovedView = Type.Interface([ActRequestView], {
  secrets: Type.Optional(
    Type.Unsafe<Static<typeof Texts>>({
      ...Texts,
      description: 'Told here and nowhere else, such as the token of a new operator.',
    }),
  ),
});
/** The answer to whoever asks for an act of two persons. */
export const askedResponse = {
  202: Type.Unsafe<Static<typeof ActRequestView>>({
    ...ActRequestView,
    description: 'Asked: another operator approves it.',
  }),
};

const Query = closed({
  state: Type.Optional(Type.Enum([...STATES], { description: 'open when absent.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Params = closed({ request_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
const Word = closed({ reason: Type.Optional(text(500, 'Why; kept with the request.')) });
const Approval = closed({
  reason: Type.Optional(text(500, 'Why; kept with the request.')),
  fingerprint: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{32}$',
      description:
        '`fingerprint_now` of the request as you have seen it. Without it the circumstances ' +
        'have to be those of when it was asked.',
    }),
  ),
});

interface OfRequest {
  Params: Static<typeof Params>;
}

export function actRequests(server: FastifyInstance, { acts }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/requests',
    {
      schema: {
        operationId: 'listRequests',
        tags: ['operator'],
        summary: 'Acts that wait for a second operator',
        description: 'Newest first; also those that have ended.',
        querystring: Query,
        response: {
          200: Type.Object({ requests: Type.Array(ActRequestView) }),
          ...problemResponses,
        },
      },
    },
    async ({ query: { state = 'open', limit = DEFAULT_LIMIT } }) => ({
      requests: (await acts.list(state, limit)).map(describeActRequest),
    }),
  );

  server.get<OfRequest>(
    '/operator/requests/:request_id',
    {
      schema: {
        operationId: 'getRequest',
        tags: ['operator'],
        summary: 'One request, and what matters to it now',
        params: Params,
        response: { 200: OneRequest, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await acts.find(request.params.request_id);
      return found.ok ? describeNow(found.value) : answerProblem(request, reply, found.problem);
    },
  );

  server.post<OfRequest & { Body: Static<typeof Approval> }>(
    '/operator/requests/:request_id/approve',
    {
      schema: {
        operationId: 'approveRequest',
        tags: ['operator'],
        summary: 'Approve an act, which does it',
        description:
          'By another operator than the one who asked. It is done when this answers, unless ' +
          'its state is still `approved`: then it is within seconds. What it meets is ' +
          'answered as its problem, and the request has failed.',
        params: Params,
        body: Approval,
        response: { 200: ApprovedView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const approved = await acts.approve({
        requestId: request.params.request_id,
        operatorId: operatorOf(request).operatorId,
        ...request.body,
      });
      if (!approved.ok) return answerProblem(request, reply, approved.problem);
      const { request: done, secrets } = approved.value;
      return {
        ...describeActRequest(done),
        ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
      };
    },
  );

  const words = {
    reject: {
      summary: 'Reject an act',
      description: 'By another operator than the one who asked.',
    },
    withdraw: { summary: 'Withdraw a request', description: 'By whoever asked, while it is open.' },
  } as const;
  for (const word of ['reject', 'withdraw'] as const) {
    server.post<OfRequest & { Body: Static<typeof Word> }>(
      `/operator/requests/:request_id/${word}`,
      {
        schema: {
          operationId: `${word}Request`,
          tags: ['operator'],
          ...words[word],
          params: Params,
          body: Word,
          response: { 200: ActRequestView, ...problemResponses },
        },
      },
      async (request, reply) => {
        const decided = await acts[word]({
          requestId: request.params.request_id,
          operatorId: operatorOf(request).operatorId,
          reason: request.body.reason,
        });
        return decided.ok
          ? describeActRequest(decided.value)
          : answerProblem(request, reply, decided.problem);
      },
    );
  }
}

/** Asks for an act: 202 with the request and where it is. */
export async function answerAsked(
  request: Parameters<typeof answerProblem>[0],
  reply: FastifyReply,
  { acts }: Pick<ApiParts, 'acts'>,
  act: Omit<NewActRequest, 'operatorId'>,
): Promise<FastifyReply> {
  const asked = await acts.ask({ ...act, operatorId: operatorOf(request).operatorId });
  if (!asked.ok) return answerProblem(request, reply, asked.problem);
  if ('done' in asked.value) return reply.send(asked.value.done.outcome);
  const { request: made } = asked.value;
  return reply
    .code(202)
    .header('location', `/operator/requests/${made.requestId}`)
    .send(describeActRequest(made));
}

export function describeActRequest(request: ActRequest): Static<typeof ActRequestView> {
  return {
    request_id: request.requestId,
    act: request.act,
    state: request.state,
    words: request.words,
    arguments: { ...request.arguments },
    circumstances: { ...request.circumstances },
    fingerprint: request.fingerprint,
    reason: request.reason,
    made_by: request.madeBy,
    made_at: request.madeAt.toISOString(),
    expires_at: request.expiresAt.toISOString(),
    decided_by: request.decidedBy,
    decided_at: request.decidedAt?.toISOString() ?? null,
    decision_reason: request.decisionReason,
    ended_at: request.endedAt?.toISOString() ?? null,
    outcome: request.outcome === null ? null : { ...request.outcome },
    failed_with: request.failedWith,
  };
}

function describeNow(request: ActRequestNow): Static<typeof OneRequest> {
  return {
    ...describeActRequest(request),
    circumstances_now: request.now === undefined ? null : { ...request.now },
    fingerprint_now: request.fingerprintNow ?? null,
    obstacle: request.obstacle ?? null,
  };
}
