// Builds the HTTP server from routes, authentication, errors and observation. It knows no rule
// about points; operations do. Other modules import only this file. Before this: nothing; a request
// arrives. Next: the row of its route in `routes.ts`, and `http/authenticate.ts`.

import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { answerProblem } from '../http/answer-problem.ts';
import { checkUrl } from '../http/check-url.ts';
import { checkExpectations, sendContinue, takeExpectations } from '../http/expectations.ts';
import { answerOtherMethods } from '../http/other-methods.ts';
import { apiProblems } from '../http/problems.ts';
import { createRequestIds } from '../http/request-id.ts';
import { comesAfterRefusal } from '../http/unread-body.ts';
import { createSchemaCompiler } from '../http/validation.ts';
import { describeConnectorApi } from '../connections/connections.ts';
import { PROGRAM } from '../runtime/program.ts';
import { createCachedDocument } from './docs/cached-document.ts';
import { describeApi } from './docs/openapi.ts';
import { createHealthChecks } from './health/checks.ts';
import { answerClientError } from './http/client-error.ts';
import { createFailedTokens, type Pause } from './http/failed-tokens.ts';
import { faultToProblem } from './http/fault-to-problem.ts';
import { createObserver } from './http/observe.ts';
import { decorateRequests } from './http/request-fields.ts';
import type { ApiParts } from './parts.ts';
import { serveRoutes } from './serve-routes.ts';

export type { ApiParts } from './parts.ts';
export { createMetricsServer } from './health/metrics-server.ts';

/** Options of the server; all have defaults. */
export interface ServerOptions {
  /**
   * How long /health/ready answers 503 before the closing server refuses connections, in
   * milliseconds, so that load balancers notice. Default 0.
   */
  readonly drainNoticeMs?: number;
  /** Address ranges of reverse proxies whose X-Forwarded-For is trusted. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** How delayed answers wait; replaced in tests. */
  readonly pause?: Pause | undefined;
}

const BODY_LIMIT = 1024 * 1024;
/** 128 characters of three bytes each, percent-encoded. */
const MAX_PARAM_LENGTH = 128 * 9;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Creates the server; call `listen` on it. `close` drains it: /health/ready answers 503, requests
 * in flight finish, then the connections end.
 */
export async function createServer(
  parts: ApiParts,
  { drainNoticeMs = 0, trustedProxies = [], pause }: ServerOptions = {},
): Promise<FastifyInstance> {
  const observer = createObserver(parts);
  const refuse = (error: Error, socket: Duplex): void => {
    const problem = answerClientError(error, socket);
    if (problem !== undefined) observer.noteBroken(problem);
  };
  const server = Fastify({
    // The observer writes one log line for each answer.
    logger: false,
    genReqId: createRequestIds(),
    bodyLimit: BODY_LIMIT,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // While closing, requests on open connections are still served; new connections are not
    // accepted.
    return503OnClosing: false,
    clientErrorHandler: refuse,
    // The server checks this itself, so that the answer says what is wrong.
    http: { requireHostHeader: false },
    // Hooks do not run for a path that cannot be decoded or has too long a parameter.
    frameworkErrors: (error, request, reply) => {
      reply.raw.once('finish', () => observer.onResponse(request, reply, () => undefined));
      answerProblem(request, nameAnswer(request, reply), faultToProblem(error));
    },
  });
  takeExpectations(server, (socket) => refuse(new Error('a tunnel was asked for'), socket));
  const compiler = createSchemaCompiler();
  const checks = createHealthChecks(parts);
  const failedTokens = createFailedTokens(parts, pause);

  decorateRequests(server);
  server.addHook('onRequest', (request, reply, done) => {
    if (comesAfterRefusal(request)) return void reply.hijack();
    nameAnswer(request, reply);
    done();
  });
  server.addHook('onRequest', checkExpectations);
  server.addHook('onRequest', checkUrl);
  server.addHook('preParsing', sendContinue);
  answerOtherMethods(server);
  // Without this, a connection whose answer was in progress when closing began would be kept alive.
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (checks.isDraining()) reply.header('connection', 'close');
    done(null, payload);
  });
  server.addHook('onResponse', observer.onResponse);
  answerFaults(server, parts);
  server.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === 'body'
      ? compiler.compileStrict(schema as object)
      : compiler.compileText(schema as object),
  );
  server.addHook('preClose', async () => {
    checks.startDraining();
    failedTokens.close();
    if (drainNoticeMs > 0) await sleep(drainNoticeMs);
  });

  await describeApi(server);
  const document = createCachedDocument(() => server.swagger());
  const connectorDocument = createCachedDocument(() => describeConnectorApi(PROGRAM.version));
  const kept = { observer, compiler, checks, failedTokens, document, connectorDocument };
  await serveRoutes(server, { ...parts, ...kept });
  return server;
}

function nameAnswer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply
    .header('x-request-id', request.id)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff');
}

function answerFaults(server: FastifyInstance, { log }: ApiParts): void {
  server.setErrorHandler((error, request, reply) => {
    const { missing } = request.routeOptions.config.row?.route ?? {};
    // A client that left before its request was read needs no answer; this is not a failure of the
    // server.
    const gone = request.raw.destroyed && !request.raw.complete;
    const problem = gone ? apiProblems.malformed_request() : faultToProblem(error, missing);
    if (problem.status >= 500)
      log.error(
        {
          err: error,
          request_id: request.id,
          platform_id: request.platform?.platformId,
          operator_id: request.operator?.operatorId,
          route: request.routeOptions.url,
        },
        'a request failed',
      );
    return answerProblem(request, reply, problem);
  });
}
