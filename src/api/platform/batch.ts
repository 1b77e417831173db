// POST /api/points/batch: up to 1,000 operations of any kind; each is decided separately and
// answered in order.

import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type TProperties, Type } from 'typebox';
import { problemBody } from '../../http/answer-problem.ts';
import { apiProblems, missingField } from '../../http/problems.ts';
import { validationProblem, type SchemaCompiler } from '../../http/validation.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { OperationKey } from '../../ledger/ledger.ts';
import { isDryRun, type PostingOperation } from '../define-operation.ts';
import { defineRoute, sent } from '../define-route.ts';
import { faultToProblem } from '../http/fault-to-problem.ts';
import { keyInBatch, operationKeyOf } from '../http/idempotency.ts';
import type { Caller } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { operations } from '../points/operations.ts';
import { IdempotencyKey } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

/** The largest body of a batch, in bytes: 2 MiB. */
const BATCH_BODY_LIMIT = 2 * 1024 * 1024;
const MAX_OPERATIONS = 1_000;

const Body = closed({
  // Each operation is validated separately, so that a malformed one does not fail the others.
  operations: Type.Array(Type.Object({}, { additionalProperties: true }), {
    minItems: 1,
    maxItems: MAX_OPERATIONS,
    description:
      `1 to ${MAX_OPERATIONS} operations: \`kind\` ` +
      `(${operations.map(({ kind }) => kind).join(', ')}), the fields of its own endpoint, and ` +
      `optionally \`idempotency_key\`.`,
  }),
  idempotency_key: Type.Optional(IdempotencyKey),
});

const Answer = Type.Object({
  succeeded: Type.Integer(),
  refused: Type.Integer(),
  results: Type.Array(
    Type.Object({
      status: Type.Integer({
        description: 'The HTTP status that its own endpoint would answer.',
      }),
      body: Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'The answer of its own endpoint, or problem details.',
        },
      ),
    }),
    { description: 'One for each operation, in their order.' },
  ),
});

interface Item {
  readonly status: number;
  readonly body: object;
}

interface Kind {
  readonly operation: PostingOperation;
  /** Returns the problem of an operation's fields; undefined if they are valid. */
  check(fields: unknown): Problem | undefined;
}

export const batch = defineRoute({
  operationId: 'batch',
  method: 'POST',
  url: '/api/points/batch',
  tag: 'points',
  summary: 'Many operations at once',
  description:
    'Operations are independent: each is posted or refused separately, and an operation must ' +
    'not rely on another one of the same batch. An operation without its own `idempotency_key` ' +
    'gets a key from the key of the request and its index.',
  body: Body,
  responses: {
    200: {
      description: 'One answer for each operation.',
      content: { 'application/json': { schema: Answer } },
    },
  },
  problems: [],
  bodyLimit: BATCH_BODY_LIMIT,
  takesKey: true,
  serve: (parts) => {
    const { observer, compiler } = parts;
    const kinds = new Map(
      operations.map((operation) => [operation.kind, kindOf(operation, compiler)]),
    );

    async function run(
      request: FastifyRequest,
      caller: Caller,
      item: Record<string, unknown>,
      index: number,
      batchKey: OperationKey,
    ): Promise<Item> {
      const { id: requestId } = request;
      const kind = typeof item['kind'] === 'string' ? kinds.get(item['kind']) : undefined;
      const problem = kind === undefined ? unknownKind(item) : kind.check(item);
      if (kind === undefined || problem !== undefined)
        return refused(problem ?? apiProblems.invalid_field(), index, requestId);
      const key = keyInBatch(request, batchKey, index, item['idempotency_key']);
      const { operation } = kind;
      try {
        if (operation.preview !== undefined && isDryRun(operation, item)) {
          const shown = await operation.preview(parts, caller, item as Record<string, never>);
          return shown.ok
            ? { status: 200, body: shown.value }
            : refused(shown.problem, index, requestId);
        }
        const posted = await operation.post(parts, caller, item as Record<string, never>, key);
        observer.countOutcome(
          operation.kind,
          posted.ok ? (posted.replayed ? 'replayed' : 'posted') : posted.problem.code,
        );
        return posted.ok
          ? { status: 200, body: posted.answer }
          : refused(posted.problem, index, requestId);
      } catch (fault) {
        const found = faultToProblem(fault);
        if (found.status >= 500)
          parts.log.error(
            { err: fault, request_id: requestId, kind: operation.kind },
            'an operation of a batch failed',
          );
        return refused(found, index, requestId);
      }
    }

    return async ({ caller, body, request, reply }) => {
      const key = operationKeyOf(request);
      if (!key.ok) return key;
      const items = body.operations as Record<string, unknown>[];
      // The key is hashed because key and index together may be longer than a key can be. The space
      // separates it from keys of headers.
      const batchKey = { ...key.value, key: `batch ${hash('sha256', key.value.key)}` };
      await warmLinks(parts, caller, items);
      const results = await Promise.all(
        items.map((item, index) => run(request, caller, item, index, batchKey)),
      );
      const succeeded = results.filter(({ status }) => status === 200).length;
      // For thousands of small objects of many shapes the engine's own serializer is the fastest.
      return sent(
        reply
          .header('content-type', 'application/json; charset=utf-8')
          .send(JSON.stringify({ succeeded, refused: results.length - succeeded, results })),
      );
    };
  },
});

/**
 * Looks up all users with one query. The operations then find them in memory and reach the ledger
 * in their order.
 */
async function warmLinks(
  { identity }: ApiParts,
  { platform }: Caller,
  items: readonly Record<string, unknown>[],
): Promise<void> {
  const lookups: Promise<unknown>[] = [];
  const look = (platformId: unknown, userId: unknown): void => {
    const known = typeof platformId === 'string' ? identity.findPlatform(platformId) : undefined;
    if (known === undefined || typeof userId !== 'string' || !isStorable(userId)) return;
    const found = identity.resolveMember(known.platformId, userId);
    // The operation itself meets the failure again and answers it.
    if (found instanceof Promise) lookups.push(found.catch(() => undefined));
  };
  for (const item of items) {
    look(platform.platformId, item['user_id']);
    look(platform.platformId, item['from_user_id']);
    look(item['target_platform'], item['to_user_id']);
  }
  if (lookups.length > 0) await Promise.all(lookups);
}

/**
 * The text is not validated yet. PostgreSQL refuses NUL, and one such text would fail the look-up
 * of all users.
 */
function isStorable(text: string): boolean {
  return text.length > 0 && text.length <= 128 && !text.includes('\0') && text.isWellFormed();
}

function kindOf(operation: PostingOperation, compiler: SchemaCompiler): Kind {
  const properties: TProperties = {
    kind: Type.Literal(operation.kind),
    idempotency_key: Type.Optional(IdempotencyKey),
    ...operation.params.properties,
    ...operation.body.properties,
  };
  const validate = compiler.compileStrict(closed(properties));
  return {
    operation,
    check: (fields) =>
      validate(fields)
        ? undefined
        : validationProblem(validate.errors ?? [], 'body', operation.missing),
  };
}

function unknownKind(item: Record<string, unknown>): Problem {
  return item['kind'] === undefined
    ? missingField('kind')
    : apiProblems.invalid_field(
        `kind must be one of ${operations.map(({ kind }) => kind).join(', ')}.`,
        { field: 'kind' },
      );
}

function refused(problem: Problem, index: number, requestId: string): Item {
  return {
    status: problem.status,
    body: problemBody(problem, `/api/points/batch#${index}`, requestId),
  };
}
