// The OpenAPI 3.1 document, made from the same schemas that validate.

import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { PROGRAM } from '../../runtime/program.ts';
import { personsOf, type Row } from '../access.ts';
import { problemCatalogue, type ProblemCode } from '../problem-catalogue.ts';
import { SIDE_PROBLEMS } from '../side-problems.ts';
import { servePage } from './docs-page.ts';
import { nameSchemas, type NamedDocument } from './name-schemas.ts';
import { SCHEMA_NAMES } from './schema-names.ts';

const DESCRIPTION = `Clearing network for loyalty points.

**Every call under \`/api/\` is authenticated and signed.** Send \`X-Platform-Token\` and

| header | value |
|---|---|
| \`X-Platform-ID\` | your platform_id |
| \`X-Timestamp\` | Unix seconds, within 300 s of ours |
| \`X-Signature\` | hex HMAC-SHA256(secret, timestamp + METHOD + path + body): path without query as on the wire, body byte for byte as sent, empty when there is none |

or, recommended, an HTTP Message Signature (RFC 9421, \`hmac-sha256\`, \`keyid\` = platform_id, \`created\`) covering \`@method\`, \`@target-uri\` (or \`@path\` and \`@query\`),
\`content-digest\` (RFC 9530) when there is a body, and \`idempotency-key\` when it is sent. It covers the query, which X-Signature does not.

**Posting operations take effect once.** Put \`idempotency_key\` into the body; repeat a request with the same key and body to get its first result again (\`Idempotency-Replayed: true\`).
The header \`Idempotency-Key\` does the same. Without a key the request's signature is its key, so a request that is sent twice byte for byte never posts twice.
X-Signature does not cover the header: one X-Signature stands for one operation, and beside another key it is refused with 409 \`signature_used\`. RFC 9421 covers it.

**Calls under \`/operator/\`** are those of the people who run the network: \`Authorization: Bearer\` and an operator token, no signature.

**Failed tokens and signatures are slowed** by network address: past 30 in a minute their answers wait, and when too many wait the next is 429 \`too_many_failed_tokens\`. Good calls are not.

Errors are RFC 9457 problem details; all of them are listed at [/problems](/problems).`;

/** Of a platform: four headers, all needed together. Of an operator: a bearer token. */
const securitySchemes = {
  platformToken: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Platform-Token',
    description: 'JWT issued by the network operator.',
  },
  platformId: { type: 'apiKey', in: 'header', name: 'X-Platform-ID' },
  timestamp: { type: 'apiKey', in: 'header', name: 'X-Timestamp' },
  signature: { type: 'apiKey', in: 'header', name: 'X-Signature' },
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'Printed by `pontis operator add`.',
  },
} as const;
const signed = [{ platformToken: [], platformId: [], timestamp: [], signature: [] }];
const byOperator = [{ operatorToken: [] }];

const STATUS_OF: ReadonlyMap<string, number> = new Map(
  problemCatalogue.map(({ code, status }) => [code, status]),
);

/** What every operation of a side can answer besides its own. */
const OF_ALL = {
  'x-problems': Object.fromEntries(
    Object.entries(SIDE_PROBLEMS).map(([side, codes]) => [side, byStatus(codes)]),
  ),
};

/** Register before the routes that it describes. */
export async function describeApi(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Pontis',
        version: PROGRAM.version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'points', description: 'Balances, movements and their history.' },
        { name: 'users', description: 'Which user of a platform is which member.' },
        { name: 'transactions', description: 'Single transactions.' },
        { name: 'rewards', description: 'What points buy, and what became of it.' },
        {
          name: 'recalls',
          description: 'Asking the target platform for the points of a posted transfer.',
        },
        {
          name: 'disputes',
          description: 'Claims about transactions between members and platforms.',
        },
        { name: 'platform', description: 'For integrators.' },
        {
          name: 'operator',
          description:
            'For the people who run the network; an operator token instead of a signature.',
        },
        { name: 'health', description: 'For operators; not signed.' },
      ],
      components: { securitySchemes },
      ...OF_ALL,
    },
    // What a document of this form has is more than the library's type of it says.
    transformObject: (made) =>
      'openapiObject' in made
        ? nameSchemas(made.openapiObject as NamedDocument, SCHEMA_NAMES)
        : made.swaggerObject,
    transform: ({ schema, url, route }) => ({
      url,
      schema: schema?.hide === true ? schema : describe(schema, route.config?.row),
    }),
  });
  await servePage(server);
}

/** What the row of a route adds to its schema. */
function describe(schema: FastifySchema | undefined, row: Row | undefined): FastifySchema {
  if (row === undefined) return schema ?? {};
  const { route } = row;
  const persons = 'roles' in row ? personsOf(row) : undefined;
  const problems = { 'x-problems': byStatus(route.problems) };
  const { description, response } = schema ?? {};
  return {
    ...schema,
    ...(persons === undefined
      ? {}
      : { description: description === undefined ? persons : `${description} ${persons}` }),
    ...('roles' in row ? { security: byOperator } : {}),
    ...('scope' in row ? { security: signed } : {}),
    ...(route.takesKey ? { headers: KEY_HEADER } : {}),
    ...(route.documented === undefined
      ? {}
      : { response: { ...(response as object), ...route.documented } }),
    ...problems,
  };
}

/** Problems by the status with which they are answered. */
function byStatus(codes: readonly ProblemCode[]) {
  return Object.groupBy(codes, (code) => STATUS_OF.get(code) ?? 500);
}

const KEY_HEADER = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      type: 'string',
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description:
        'As `idempotency_key` in the body, which X-Signature covers. Same key and body: the ' +
        'first result again. Same key, other body: 422.',
    },
  },
};
