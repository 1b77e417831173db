// The connector API as an OpenAPI document: what a connected platform implements. Made from the
// schemas by which its answers are read, so that the two cannot say different things.

import { type TSchema, Type } from 'typebox';
import {
  Decimal,
  ErrorBody,
  HealthBody,
  StatementBody,
  StepBody,
  TotalBody,
  TransactionBody,
  UnknownTransactionBody,
  UserBody,
} from './connector-answers.ts';

const DESCRIPTION = `The calls that a platform implements when it keeps its users' points itself. Pontis makes them.

**Each call but \`/health\` is signed** with the secret that the network gave the platform: \`Authorization: Bearer\` with the token that the platform issued to the network, \`X-Platform-ID\` (the platform's own id), \`X-Timestamp\` (Unix seconds) and \`X-Signature\` (hex HMAC-SHA256 over timestamp + METHOD + path + body). A wrong token is answered with 401, a wrong signature with 403.

**200 is yes; 400, 404, 409 and 422 with \`error\` are no, for good; everything else is unknown**, and Pontis asks what became of the transaction before it does anything else.

docs/connect.md leads a platform's engineer through it, and \`pontis connector test\` checks it.`;

/** On the wire an amount may be a number or decimal text. */
const AMOUNT = {
  type: ['number', 'string'],
  description: 'Points, with at most two decimals: a JSON number or decimal text.',
};

/** What Pontis sends to deduct, add and reverse. */
const StepRequest = Type.Object(
  {
    user_id: Type.String({ description: "The platform's own id for its user." }),
    amount: Decimal,
    transaction_id: Type.String({
      description: 'The same step under the same id is the same: it moves points once.',
    }),
  },
  { additionalProperties: false },
);

const SCHEMAS = {
  StepRequest,
  StepAnswer: StepBody,
  Refusal: ErrorBody,
  TransactionAnswer: TransactionBody,
  UnknownTransaction: UnknownTransactionBody,
  UserAnswer: UserBody,
  TotalAnswer: TotalBody,
  StatementAnswer: StatementBody,
  HealthAnswer: HealthBody,
} as const satisfies Readonly<Record<string, TSchema>>;

type SchemaName = keyof typeof SCHEMAS;

interface Call {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly answer: SchemaName;
  readonly example: object;
  readonly refusals?: Readonly<Record<number, SchemaName>>;
  readonly parameters?: readonly object[];
  readonly body?: object;
}

const STEP = { user_id: 'c_1001', amount: 10.5, transaction_id: `txn_${'1'.repeat(32)}` };
const STEP_REFUSALS = { 400: 'Refusal', 404: 'Refusal', 409: 'Refusal', 422: 'Refusal' } as const;

const inPath = (name: string) => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', minLength: 1, maxLength: 128 },
});
const inQuery = (name: string, schema: object, description: string) => ({
  name,
  in: 'query',
  schema,
  description,
});

function step(kind: string, summary: string, description: string): Call {
  return {
    operationId: kind,
    summary,
    description,
    answer: 'StepAnswer',
    example: { success: true, transaction_id: STEP.transaction_id, balance: 789.5 },
    refusals: STEP_REFUSALS,
    body: STEP,
  };
}

const CALLS: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  '/api/internal/deduct': {
    post: step(
      'deduct',
      'Take points from a user',
      'The same request again gets the first answer again and moves nothing; the same ' +
        'transaction_id with another user or amount gets 409. A refusal stays one.',
    ),
  },
  '/api/internal/add': { post: step('add', 'Give points to a user', 'Repeatable like deduct.') },
  '/api/internal/reverse': {
    post: step(
      'reverse',
      'Undo the deduct or add of a transaction',
      'Succeeds even when the points are spent. Of a transaction that was refused or never seen ' +
        'it moves nothing, and a deduct or add that arrives later is refused.',
    ),
  },
  '/api/internal/transactions/{transaction_id}': {
    get: {
      operationId: 'findTransaction',
      summary: 'What became of a transaction',
      description: 'An unknown one is 404 with `state: unknown`, which no router answers.',
      answer: 'TransactionAnswer',
      example: { ...STEP, state: 'applied', operation: 'deduct', effect: -10.5 },
      refusals: { 404: 'UnknownTransaction' },
      parameters: [inPath('transaction_id')],
    },
  },
  '/api/internal/users/{user_id}': {
    get: {
      operationId: 'findUser',
      summary: 'The balance of a user',
      description: 'A user that the platform does not know is 404.',
      answer: 'UserAnswer',
      example: { user_id: STEP.user_id, balance: 800 },
      refusals: { 404: 'Refusal' },
      parameters: [inPath('user_id')],
    },
  },
  '/api/internal/total_points': {
    get: {
      operationId: 'getTotalPoints',
      summary: 'What all users hold together',
      description: 'Reconciliation compares it with the statement.',
      answer: 'TotalAnswer',
      example: { total_points: 1600 },
    },
  },
  '/api/internal/statement': {
    get: {
      operationId: 'readStatement',
      summary: 'What moved points, in the order of its commits',
      description: 'Each movement once. The same cursor always gives the same entries.',
      answer: 'StatementAnswer',
      example: {
        entries: [{ ...STEP, operation: 'deduct', effect: -10.5 }],
        next_cursor: '1',
        more: false,
      },
      refusals: { 400: 'Refusal' },
      parameters: [
        inQuery(
          'since',
          { type: 'string', maxLength: 512 },
          'A next_cursor; absent: the beginning.',
        ),
        inQuery('limit', { type: 'integer', minimum: 1, maximum: 10_000 }, 'At most so many.'),
      ],
    },
  },
  '/health': {
    get: {
      operationId: 'checkHealth',
      summary: 'The platform answers',
      description: 'Not signed.',
      answer: 'HealthAnswer',
      example: { status: 'healthy' },
    },
  },
};

/** The document of a version of the program. */
export function describeConnectorApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pontis connector',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'https://points.example.com', description: "The platform's base URL." }],
    paths: Object.fromEntries(
      Object.entries(CALLS).map(([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods).map(([method, call]) => [method, describeCall(call)]),
        ),
      ]),
    ),
    components: {
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, onTheWire(schema)]),
      ),
      responses: {
        NotTaken: { description: 'Not the token (401) or not the signature (403) of the network.' },
        Unknown: { description: 'Unknown what was done: Pontis asks.' },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        platformId: { type: 'apiKey', in: 'header', name: 'X-Platform-ID' },
        timestamp: { type: 'apiKey', in: 'header', name: 'X-Timestamp' },
        signature: { type: 'apiKey', in: 'header', name: 'X-Signature' },
      },
    },
  };
}

function describeCall(call: Call): object {
  const { operationId, summary, description, answer, example, refusals = {} } = call;
  const { parameters, body } = call;
  const isOpen = operationId === 'checkHealth';
  return {
    operationId,
    tags: ['connector'],
    summary,
    description,
    ...(isOpen ? {} : { security: [{ token: [], platformId: [], timestamp: [], signature: [] }] }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, ...jsonOf('StepRequest', body) } }),
    responses: {
      200: { description: `${summary}.`, ...jsonOf(answer, example) },
      ...Object.fromEntries(
        Object.entries(refusals).map(([status, name]) => [
          status,
          {
            description: 'Refused: it has no effect, now or later.',
            ...jsonOf(name, {
              error: 'Insufficient balance',
              ...(name === 'UnknownTransaction' ? { state: 'unknown' } : {}),
            }),
          },
        ]),
      ),
      ...(isOpen
        ? {}
        : {
            401: { $ref: '#/components/responses/NotTaken' },
            403: { $ref: '#/components/responses/NotTaken' },
          }),
      '5XX': { $ref: '#/components/responses/Unknown' },
    },
  };
}

function jsonOf(name: SchemaName, example: object): object {
  const schema = { $ref: `#/components/schemas/${name}` };
  return { content: { 'application/json': { schema, example } } };
}

/**
 * A schema of what is read, as it is on the wire: amounts as they are written, and with whatever
 * else a platform says, which is not looked at.
 */
function onTheWire(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(onTheWire);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (JSON.stringify(schema) === JSON.stringify(Decimal)) return AMOUNT;
  return {
    ...('properties' in schema ? { additionalProperties: true } : {}),
    ...Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, onTheWire(value)])),
  };
}
