// A route as a value: one operation of the API with its schemas, its problems and its work. The
// tables of routes.ts say who may call it; serve-routes.ts serves what they hold.

import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import { answerProblem } from '../http/answer-problem.ts';
import type { MissingWords, SchemaCompiler } from '../http/validation.ts';
import type { Operator } from '../identity/identity.ts';
import type { Result } from '../kernel/problem.ts';
import type { CachedDocument } from './docs/cached-document.ts';
import type { HealthChecks } from './health/checks.ts';
import type { FailedTokens } from './http/failed-tokens.ts';
import { KEY_PROBLEMS } from './http/idempotency.ts';
import type { Observer } from './http/observe.ts';
import type { Caller } from './http/request-fields.ts';
import { signedOnce, type Repetition } from './http/signed-once.ts';
import type { ApiParts } from './parts.ts';
import type { ProblemCode } from './problem-catalogue.ts';
import { problemResponses } from './schemas.ts';

/** The parts of the program, and what one server keeps for its routes. */
export interface RouteParts extends ApiParts {
  readonly observer: Observer;
  readonly compiler: SchemaCompiler;
  readonly checks: HealthChecks;
  readonly failedTokens: FailedTokens;
  /** /openapi.json. */
  readonly document: CachedDocument;
}

/** Who calls a route under /api/: a platform that has signed. */
export interface ByPlatform {
  readonly caller: Caller;
}
/** Who calls a route under /operator/. */
export interface ByOperator {
  readonly operator: Operator;
}
/** Of all other routes nobody is known. */
export type ByAnybody = object;

/** The side of a route is in its URL. */
type WhoCalls<Url extends string> = Url extends `/api/${string}`
  ? ByPlatform
  : Url extends `/operator/${string}`
    ? ByOperator
    : ByAnybody;

/** One call, read and checked. */
interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
  /** For headers, and for answers that are not JSON. */
  readonly reply: FastifyReply;
}

/** The route has sent its answer itself. */
interface Sent {
  readonly sent: true;
}

/** For routes that answer other than with 200 and JSON: what they return. */
export function sent(_reply: FastifyReply): Sent {
  return { sent: true };
}

export type Answered<Answer> = Result<Answer> | Sent;

interface RouteTerms<
  Url extends string,
  Params extends TSchema,
  Query extends TSchema,
  Body extends TSchema,
  Answer extends TSchema,
> {
  /** In kebab case the name of its file; the name under which the file exports it. */
  readonly operationId: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path parameters are written `:name`. */
  readonly url: Url;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** What it answers with 200, as JSON. */
  readonly answer?: Answer;
  /** Answers of other statuses or other forms. */
  readonly responses?: Readonly<Record<number, object>>;
  /** What it can be refused with, besides what every route of its side can. */
  readonly problems: readonly ProblemCode[];
  readonly bodyLimit?: number;
  /** True where the same Idempotency-Key gives the first result again. */
  readonly takesKey?: boolean;
  /** Of an operation that posts nothing itself: what its signature stands for. */
  readonly signature?: Repetition;
  /** Looks at what is sent, after everything else. */
  readonly onSend?: (
    parts: RouteParts,
  ) => (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<unknown>;
  /** Called once for each server; gives the work of one call. */
  readonly serve: (
    parts: RouteParts,
  ) => (
    call: Call<Static<Params>, Static<Query>, Static<Body>> & WhoCalls<Url>,
  ) => Answered<Static<Answer>> | Promise<Answered<Static<Answer>>>;
}

/** How a table serves its routes. */
export interface Serving<Who> {
  readonly parts: RouteParts;
  readonly config: FastifyContextConfig;
  /** Who calls, once the guards of the side have let the call in. */
  readonly whoOf: (request: FastifyRequest) => Who;
}

/** A route whose schemas are known to nobody else any more. `Route<never>` is a route of any side. */
export interface Route<Who> {
  readonly operationId: string;
  readonly method: string;
  readonly url: string;
  readonly problems: readonly ProblemCode[];
  /** True where the same Idempotency-Key gives the first result again. */
  readonly takesKey: boolean;
  /** How it words a missing field, where not as all do. */
  readonly missing?: MissingWords | undefined;
  /** Responses that are documented otherwise than they are serialized. */
  readonly documented?: Readonly<Record<number, object>> | undefined;
  readonly addTo: (server: FastifyInstance, serving: Serving<Who>) => void;
}

export function defineRoute<
  Url extends string,
  Params extends TSchema,
  Query extends TSchema,
  Body extends TSchema,
  Answer extends TSchema,
>(terms: RouteTerms<Url, Params, Query, Body, Answer>): Route<WhoCalls<Url>> {
  const { operationId, method, url, signature, takesKey = signature === 'again' } = terms;
  const keyed = url.startsWith('/api/') && (takesKey || signature !== undefined);
  return {
    operationId,
    method,
    url,
    problems: keyed ? [...terms.problems, ...KEY_PROBLEMS] : terms.problems,
    takesKey,
    addTo(server, { parts, config, whoOf }) {
      const work = terms.serve(parts);
      server.route({
        method,
        url,
        config,
        schema: schemaOf(terms),
        ...(terms.bodyLimit === undefined ? {} : { bodyLimit: terms.bodyLimit }),
        ...(terms.onSend === undefined ? {} : { onSend: terms.onSend(parts) }),
        ...(signature === undefined ? {} : signedOnce(parts, signature)),
        handler: async (request, reply) => {
          const answered = await work({
            ...whoOf(request),
            // Validated by these schemas before: the types of Fastify do not say so of a schema
            // that is a parameter.
            params: request.params as Static<Params>,
            query: request.query as Static<Query>,
            body: request.body as Static<Body>,
            request,
            reply,
          });
          if ('sent' in answered) return reply;
          return answered.ok ? answered.value : answerProblem(request, reply, answered.problem);
        },
      });
    },
  };
}

function schemaOf({
  operationId,
  tag,
  summary,
  description,
  params,
  query,
  body,
  answer,
  responses,
}: RouteTerms<string, TSchema, TSchema, TSchema, TSchema>): FastifySchema {
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    response: {
      ...(answer === undefined ? {} : { 200: answer }),
      ...responses,
      ...problemResponses,
    },
  };
}
