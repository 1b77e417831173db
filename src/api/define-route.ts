// Defines a route as a value: one operation of the API with its schemas, its problems and its work.
// The tables in routes.ts say who may call it; serve-routes.ts serves the tables.

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

/** The parts of the program, and the parts that belong to one server. */
export interface RouteParts extends ApiParts {
  readonly observer: Observer;
  readonly compiler: SchemaCompiler;
  readonly checks: HealthChecks;
  readonly failedTokens: FailedTokens;
  /** The document of /openapi.json. */
  readonly document: CachedDocument;
  /** /connector/openapi.json. */
  readonly connectorDocument: CachedDocument;
}

/** The caller of a route under /api/: a platform that has signed. */
export interface ByPlatform {
  readonly caller: Caller;
}
/** The caller of a route under /operator/. */
export interface ByOperator {
  readonly operator: Operator;
}
/** The caller of all other routes is not known. */
export type ByAnybody = object;

/** The caller's type, by the prefix of the URL. */
type WhoCalls<Url extends string> = Url extends `/api/${string}`
  ? ByPlatform
  : Url extends `/operator/${string}`
    ? ByOperator
    : ByAnybody;

/** One call; its fields are validated. */
interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: FastifyRequest;
  /** For headers, and for answers that are not JSON. */
  readonly reply: FastifyReply;
}

/** The result of a route that has sent its answer itself. */
interface Sent {
  readonly sent: true;
}

/** A route that answers other than with 200 and JSON returns this. */
export function sent(_reply: FastifyReply): Sent {
  return { sent: true };
}

/** The result of a route: its answer, a problem, or `sent`. */
export type Answered<Answer> = Result<Answer> | Sent;

interface RouteTerms<
  Url extends string,
  Params extends TSchema,
  Query extends TSchema,
  Body extends TSchema,
  Answer extends TSchema,
> {
  /**
   * In kebab case it is the name of the route's file; the file exports the route under this name.
   */
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
  /** The JSON answer with status 200. */
  readonly answer?: Answer;
  /** Answers with another status or in another form. */
  readonly responses?: Readonly<Record<number, object>>;
  /** Its own problems, besides those of every route of its side. */
  readonly problems: readonly ProblemCode[];
  readonly bodyLimit?: number;
  /** True where the same Idempotency-Key gives the first result again. */
  readonly takesKey?: boolean;
  /** For an operation that posts nothing itself: what a repeated signature gets. */
  readonly signature?: Repetition;
  /** Sees the answer before it is sent, after all other hooks. */
  readonly onSend?: (
    parts: RouteParts,
  ) => (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<unknown>;
  /** Called once for each server; returns the function that does the work of one call. */
  readonly serve: (
    parts: RouteParts,
  ) => (
    call: Call<Static<Params>, Static<Query>, Static<Body>> & WhoCalls<Url>,
  ) => Answered<Static<Answer>> | Promise<Answered<Static<Answer>>>;
}

/** What a table gives to its routes when it serves them. */
export interface Serving<Who> {
  readonly parts: RouteParts;
  readonly config: FastifyContextConfig;
  /** Returns the caller; called after authentication. */
  readonly whoOf: (request: FastifyRequest) => Who;
}

/** A route without the types of its schemas. `Route<never>` is a route of any side. */
export interface Route<Who> {
  readonly operationId: string;
  readonly method: string;
  readonly url: string;
  readonly problems: readonly ProblemCode[];
  /** True where the same Idempotency-Key gives the first result again. */
  readonly takesKey: boolean;
  /** How the route words the problem of a missing field, if it has its own words. */
  readonly missing?: MissingWords | undefined;
  /** Responses whose documented schema differs from the schema of the serializer. */
  readonly documented?: Readonly<Record<number, object>> | undefined;
  readonly addTo: (server: FastifyInstance, serving: Serving<Who>) => void;
}

/**
 * Makes a route from its terms. The caller's type follows from the URL. A route that takes a key,
 * or marks its signature, gets the problems of keys.
 */
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
            // These schemas have validated them. Fastify's types cannot express this for a schema
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
