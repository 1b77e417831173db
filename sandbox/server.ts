// The connector API and the fault panel over HTTP.

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import { readFaults, type FaultPanel, type RatedFault } from './faults.ts';
import type { Answer, Kind, Ledger, Step } from './ledger.ts';
import { formatPoints, parsePoints } from './points.ts';
import { isBearer, judgeSignature, type Credentials } from './signature.ts';

/** What the server is made from. */
export interface ServerParts {
  readonly ledger: Ledger;
  readonly panel: FaultPanel;
  readonly credentials: Credentials;
  /** The bearer token of the fault panel. Without it there is no panel. */
  readonly adminToken: string | undefined;
}

const MAX_BODY_BYTES = 65_536;
const DEFAULT_PAGE = 1_000;
const MAX_PAGE = 10_000;
const AFTER_APPLY: ReadonlySet<RatedFault> = new Set([
  'reset_after_apply',
  'error_after_apply',
  'duplicate_delivery',
]);

/** A server that is not listening yet. */
export function createServer({
  ledger,
  panel,
  credentials: given,
  adminToken,
}: ServerParts): FastifyInstance {
  let credentials = given;
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    logger: { level: 'warn' },
    routerOptions: { maxParamLength: 1_024 },
  });

  // The signature covers the bytes as they arrived, so the body is kept as bytes and parsed later.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'No such route' }));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error(error);
    return reply.code(status).send({ error: status >= 500 ? 'Internal error' : error.message });
  });
  app.addHook('onRequest', (request, reply, next) => {
    if (panel.faults.down && request.url !== '/faults') cut(request, reply);
    else next();
  });

  app.get('/health', () => ({ status: 'healthy', platform_id: credentials.platformId }));

  app.register(
    (internal, _options, ready) => {
      internal.addHook('onRequest', async (request, reply) => {
        if (!isBearer(request.headers.authorization, credentials.token))
          return reply.code(401).send({ error: 'Invalid token' });
        return undefined;
      });
      internal.addHook('preHandler', async (request, reply) => {
        const fault = judgeSignature(credentials, {
          method: request.method,
          path: pathOf(request),
          body: bodyOf(request),
          platformId: headerOf(request, 'x-platform-id'),
          timestamp: headerOf(request, 'x-timestamp'),
          signature: headerOf(request, 'x-signature'),
        });
        if (fault !== undefined)
          return reply.code(403).send({ error: 'Invalid signature', detail: fault });
        return undefined;
      });

      for (const kind of ['deduct', 'add', 'reverse'] as const satisfies readonly Kind[]) {
        internal.post(`/${kind}`, (request, reply) => {
          const step = readStep(bodyOf(request));
          if (typeof step === 'string') return reply.code(400).send({ error: step });
          return answer(request, reply, step.transactionId, () => ledger.apply(kind, step));
        });
      }
      internal.get<{ Params: { transaction_id: string } }>(
        '/transactions/:transaction_id',
        (request, reply) =>
          answer(request, reply, '', () => ledger.findTransaction(request.params.transaction_id)),
      );
      internal.get<{ Params: { user_id: string } }>('/users/:user_id', (request, reply) =>
        answer(request, reply, null, () => ledger.findUser(request.params.user_id)),
      );
      internal.get('/total_points', (request, reply) =>
        answer(request, reply, '', () => ({
          status: 200,
          body: {
            total_points: formatPoints(
              ledger.totalHundredths() + (parsePoints(panel.faults.wrong_total) ?? 0n),
            ),
          },
        })),
      );
      internal.get<{ Querystring: { since?: unknown; limit?: unknown } }>(
        '/statement',
        (request, reply) => {
          const { since = '0', limit = String(DEFAULT_PAGE) } = request.query;
          if (typeof since !== 'string' || !/^\d{1,18}$/.test(since))
            return reply.code(400).send({ error: 'since is not a cursor of this statement' });
          if (
            typeof limit !== 'string' ||
            !/^\d{1,5}$/.test(limit) ||
            Number(limit) < 1 ||
            Number(limit) > MAX_PAGE
          )
            return reply.code(400).send({ error: `limit is not a number from 1 to ${MAX_PAGE}` });
          return answer(request, reply, since, () =>
            ledger.readStatement(BigInt(since), Number(limit)),
          );
        },
      );
      ready();
    },
    { prefix: '/api/internal' },
  );

  /**
   * Handles a call under the faults that are set. A fault that comes after applying cannot hit a
   * call without a subject: a look-up of a user applies nothing.
   */
  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    subject: string | null,
    work: () => Answer | Promise<Answer>,
  ): Promise<FastifyReply> {
    const drawn = panel.draw(`${request.method} ${pathOf(request)} ${subject ?? ''}`);
    const hit = (fault: RatedFault): boolean =>
      (subject !== null || !AFTER_APPLY.has(fault)) && drawn(fault);
    if (panel.faults.latency_ms > 0) await sleep(panel.faults.latency_ms);
    if (hit('error_500')) return reply.code(500).send({ error: 'Fault: error_500' });
    if (hit('reset_before_apply')) return cut(request, reply);
    const [first, second] = await Promise.all(
      hit('duplicate_delivery') ? [work(), work()] : [work()],
    );
    if (hit('error_after_apply'))
      return reply.code(500).send({ error: 'Fault: error_after_apply' });
    if (hit('reset_after_apply')) return cut(request, reply);
    const { status, body } = second ?? first;
    return reply.code(status).send(body);
  }

  if (adminToken !== undefined) {
    app.register((admin, _options, ready) => {
      admin.addHook('onRequest', async (request, reply) => {
        if (!isBearer(request.headers.authorization, adminToken))
          return reply.code(401).send({ error: 'Invalid token' });
        return undefined;
      });
      admin.get('/faults', () => panel.faults);
      admin.put('/faults', (request, reply) => {
        const values = readJson(bodyOf(request));
        const faults = values === undefined ? 'The body is not a JSON object.' : readFaults(values);
        if (typeof faults === 'string') return reply.code(400).send({ error: faults });
        panel.set(faults);
        return reply.send(faults);
      });
      admin.put('/secret', (request, reply) => {
        const { secret } = readJson(bodyOf(request)) ?? {};
        if (typeof secret !== 'string' || secret === '')
          return reply.code(400).send({ error: 'secret is not text' });
        const [current] = credentials.secrets;
        if (secret !== current)
          credentials = {
            ...credentials,
            secrets: [secret, ...(current === undefined ? [] : [current])],
          };
        return reply.send({ success: true });
      });
      admin.post('/own', async (request, reply) => {
        const { user_id: userId, amount } = readJson(bodyOf(request)) ?? {};
        const hundredths = typeof amount === 'string' ? parsePoints(amount) : undefined;
        if (typeof userId !== 'string' || hundredths === undefined || hundredths === 0n)
          return reply
            .code(400)
            .send({ error: 'user_id and an amount other than zero are required' });
        const moved = await ledger.moveOwn(userId, hundredths);
        return moved
          ? reply.send({ success: true })
          : reply.code(404).send({ error: 'Unknown user' });
      });
      ready();
    });
  }
  return app;
}

/** Resets the connection without an answer. */
function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?')[0] ?? '';
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * An object with `amount` as the text that was sent. Read as a double, 9999999999999.991 would look
 * like a number with two decimals.
 */
function readJson(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseWithSource(body.toString('utf8'), (key, read, { source }) =>
      key === 'amount' && typeof read === 'number' ? source : read,
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The step, or what is wrong with it. */
function readStep(body: Buffer): Step | string {
  const fields = readJson(body);
  if (fields === undefined) return 'The body is not a JSON object';
  const { user_id: userId, amount, transaction_id: transactionId } = fields;
  if (typeof userId !== 'string' || userId === '' || [...userId].length > 128)
    return 'user_id is not text of 1 to 128 characters';
  if (typeof transactionId !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(transactionId))
    return 'transaction_id is not 1 to 128 visible ASCII characters';
  const hundredths = typeof amount === 'string' ? parsePoints(amount) : undefined;
  if (hundredths === undefined || hundredths <= 0n)
    return 'amount is not a positive number with at most two decimals';
  return { userId, hundredths, transactionId };
}
