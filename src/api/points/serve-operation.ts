// Makes an endpoint of a posting operation: key, work, answer.

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { operationKeyOf } from '../http/idempotency.ts';
import type { Observer } from '../http/observe.ts';
import { callerOf } from '../http/request-fields.ts';
import { isPending, waitOf } from '../../http/prefer.ts';
import { isDryRun, type PostingOperation } from '../operation.ts';
import type { ApiParts } from '../parts.ts';
import { closed, IdempotencyKey, problemResponses } from '../schemas.ts';
import { DryRun } from './rule-answers.ts';

/** Marks routes whose documentation mentions Idempotency-Key. */
export interface RouteConfig {
  readonly operation?: PostingOperation;
}

export function serveOperation(
  server: FastifyInstance,
  parts: ApiParts,
  operation: PostingOperation,
  observer: Observer,
): void {
  const withParams = Object.keys(operation.params.properties).length > 0;
  server.route({
    method: 'POST',
    url: operation.url,
    config: { operation } satisfies RouteConfig,
    schema: {
      operationId: operation.kind,
      tags: ['points'],
      summary: operation.summary,
      description: operation.description,
      ...(withParams ? { params: operation.params } : {}),
      body: closed({
        ...operation.body.properties,
        idempotency_key: Type.Optional(IdempotencyKey),
      }),
      ...(operation.preview === undefined ? {} : { querystring: closed({ dry_run: DryRun }) }),
      response: {
        200: operation.answer,
        ...(operation.wait === undefined ? {} : { 202: operation.answer }),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const body = request.body as Record<string, never>;
      const fields = withParams ? { ...body, ...(request.params as Record<string, never>) } : body;
      const asked =
        (request.query as { readonly dry_run?: boolean }).dry_run === true
          ? { ...fields, dry_run: true as never }
          : fields;
      if (operation.preview !== undefined && isDryRun(operation, asked)) {
        const shown = await operation.preview(parts, callerOf(request), asked);
        if (!shown.ok) return answerProblem(request, reply, shown.problem);
        // Another shape than the operation's own answer, so its serializer does not fit.
        return reply
          .header('content-type', 'application/json; charset=utf-8')
          .send(JSON.stringify(shown.value));
      }
      const key = operationKeyOf(request);
      if (!key.ok) return answerProblem(request, reply, key.problem);
      const posted = await operation.post(parts, callerOf(request), fields, key.value);
      if (!posted.ok) {
        observer.countOutcome(operation.kind, posted.problem.code);
        return answerProblem(request, reply, posted.problem);
      }
      observer.countOutcome(operation.kind, posted.replayed ? 'replayed' : 'posted');
      if (posted.replayed) reply.header('idempotency-replayed', 'true');
      if (posted.pendingAt === undefined) return posted.answer;
      const waitMs = waitOf(request);
      if (waitMs !== undefined) reply.header('preference-applied', `wait=${waitMs / 1_000}`);
      const answer =
        waitMs === undefined || operation.wait === undefined
          ? posted.answer
          : await operation.wait(parts, posted.answer, waitMs);
      if (!isPending(answer)) return answer;
      return reply
        .code(202)
        .header('location', posted.pendingAt)
        .header('retry-after', '1')
        .send(answer);
    },
  });
}
