// Defines the route of a posting operation: its schemas and its work, for its own endpoint and for
// the batch endpoint. Here the idempotency key is derived, the operation runs, and 200, 202 or a
// problem is answered. Before this: `http/authenticate.ts` authenticates the caller. Next: the
// operation, such as `platform/transfer.ts`.

import type { FastifyInstance } from 'fastify';
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { answerProblem } from '../http/answer-problem.ts';
import { isPending, waitOf } from '../http/prefer.ts';
import type { MissingWords } from '../http/validation.ts';
import type { Problem, Result } from '../kernel/problem.ts';
import type { OperationKey, Outcome, PostedLeg } from '../ledger/ledger.ts';
import type { ByPlatform, Route, Serving } from './define-route.ts';
import { KEY_PROBLEMS, operationKeyOf } from './http/idempotency.ts';
import { callerOf, type Caller } from './http/request-fields.ts';
import type { ApiParts } from './parts.ts';
import { DryRun, DryRunAnswer } from './points/rule-answers.ts';
import type { ProblemCode } from './problem-catalogue.ts';
import { IdempotencyKey, problemResponses } from './schemas.ts';
import { closed } from '../views/schemas.ts';

/** The result of a posting operation: its answer or a problem. */
export type Posted<Answer> =
  | {
      readonly ok: true;
      readonly answer: Answer;
      /** True when the key was used before and `answer` is the first result. */
      readonly replayed: boolean;
      /** The URL to ask for the result when the operation is accepted but not finished. */
      readonly pendingAt?: string;
    }
  | { readonly ok: false; readonly problem: Problem };

interface OperationTerms<
  Body extends TProperties = TProperties,
  Params extends TProperties = TProperties,
  Answer extends TObject = TObject,
> {
  /** Its name in a batch and in metrics; also its OpenAPI operationId. */
  readonly kind: string;
  /** Path parameters are written `:name`. */
  readonly url: `/api/${string}`;
  readonly summary: string;
  readonly description: string;
  readonly body: TObject<Body>;
  /** Path parameters; in a batch they are fields of the operation. */
  readonly params: TObject<Params>;
  readonly answer: Answer;
  /** Its own problems, besides those of every operation and every platform route. */
  readonly problems: readonly ProblemCode[];
  readonly missing?: MissingWords;
  /**
   * Fields that contain ids of the caller's own users, so that a batch can look all of them up at
   * once.
   */
  readonly userFields?: readonly string[];
  /**
   * Runs without a pause up to the ledger when the users are in memory; this keeps the order of a
   * batch.
   */
  post(
    parts: ApiParts,
    caller: Caller,
    fields: Static<TObject<Body>> & Static<TObject<Params>>,
    key: OperationKey,
  ): Promise<Posted<Static<Answer>>>;
  /**
   * Waits until an accepted operation is finished, at most `atMostMs`; returns the answer of that
   * time.
   */
  wait?(parts: ApiParts, answer: Static<Answer>, atMostMs: number): Promise<Static<Answer>>;
  /**
   * Computes the result without posting; runs instead of `post` when the field `dry_run` is true.
   */
  preview?(
    parts: ApiParts,
    caller: Caller,
    fields: Static<TObject<Body>> & Static<TObject<Params>>,
  ): Promise<Result<object>>;
}

/** The problems of every posting operation. */
const OPERATION_PROBLEMS = [
  ...KEY_PROBLEMS,
  'idempotency_key_reused',
  'balance_limit',
  'counter_limit',
  'overloaded',
] as const;

/** The problems that the rules of the rulebook can cause. */
export const RULE_PROBLEMS = ['rule_failed', 'operation_denied', 'limit_exceeded'] as const;

/** Any posting operation. The exact types of its fields are known only in its own file. */
export type PostingOperation = OperationTerms & Route<ByPlatform>;

/** Makes the route of a posting operation: `POST`, signed, with an idempotency key. */
export function defineOperation<
  Body extends TProperties,
  Params extends TProperties,
  Answer extends TObject,
>(
  terms: OperationTerms<Body, Params, Answer>,
): OperationTerms<Body, Params, Answer> & Route<ByPlatform> {
  return {
    ...terms,
    problems: [...terms.problems, ...OPERATION_PROBLEMS],
    operationId: terms.kind,
    method: 'POST',
    takesKey: true,
    documented: terms.preview === undefined ? undefined : withDryRun(terms.answer),
    addTo: (server, serving) => serveOperation(server, serving, terms),
  };
}

function serveOperation<
  Body extends TProperties,
  Params extends TProperties,
  Answer extends TObject,
>(
  server: FastifyInstance,
  { parts, config }: Serving<ByPlatform>,
  operation: OperationTerms<Body, Params, Answer>,
): void {
  const { observer } = parts;
  const withParams = Object.keys(operation.params.properties).length > 0;
  server.route({
    method: 'POST',
    url: operation.url,
    config,
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
      // The schemas above have validated them.
      const fields = (
        withParams ? { ...(request.body as object), ...(request.params as object) } : request.body
      ) as Static<TObject<Body>> & Static<TObject<Params>>;
      const dryRun = isDryRun(operation, fields) || isDryRun(operation, request.query as object);
      if (operation.preview !== undefined && dryRun) {
        const shown = await operation.preview(parts, callerOf(request), fields);
        if (!shown.ok) return answerProblem(request, reply, shown.problem);
        // A dry run has another shape than the operation's answer, so the route's serializer does
        // not fit.
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

/**
 * The answers of an operation with a dry run, for OpenAPI only. The route's own schema is also its
 * serializer, and a choice of two shapes would make that slower.
 */
function withDryRun(answer: TObject): Route<ByPlatform>['documented'] {
  const schema = { anyOf: [answer, DryRunAnswer] };
  const content = { 'application/json': { schema } };
  const description = 'The posted operation; when `dry_run` is true, what would be posted.';
  return { 200: { description, content } };
}

/** True when the call is a dry run, which posts nothing. */
export function isDryRun({ preview }: { readonly preview?: unknown }, fields: object): boolean {
  return preview !== undefined && 'dry_run' in fields && fields.dry_run === true;
}

/** Turns the ledger's outcome into the result of an operation. */
export function answerOutcome<Answer>(
  outcome: Outcome,
  answer: (transaction: PostedLeg) => Answer,
): Posted<Answer> {
  return outcome.ok
    ? { ok: true, answer: answer(outcome.transaction), replayed: outcome.replayed }
    : outcome;
}
