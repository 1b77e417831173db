// Makes the OpenAPI 3.1 document from the same schemas that validate requests.

import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { PROGRAM } from '../../runtime/program.ts';
import { personsOf, type Row } from '../access.ts';
import { problemCatalogue, type ProblemCode } from '../problem-catalogue.ts';
import { SIDE_PROBLEMS } from '../side-problems.ts';
import { addExamples, readExamples } from './add-examples.ts';
import { servePage } from './docs-page.ts';
import { nameSchemas, type NamedDocument } from './name-schemas.ts';
import { SCHEMA_NAMES } from './schema-names.ts';

const DESCRIPTION = `Clearing network for loyalty points.

**Examples are from the demo network.** \`x-example\` of an operation says who calls it (\`maker\` and \`checker\` are operators), after which operations, and with which parameters. Other parameters are ids from their answers. Ids, times and secrets differ from run to run.

**Every call under \`/api/\` is authenticated and signed.** Send \`X-Platform-Token\` and

| header | value |
|---|---|
| \`X-Platform-ID\` | your platform_id |
| \`X-Timestamp\` | Unix seconds, at most 300 s from the server's time |
| \`X-Signature\` | hex HMAC-SHA256(secret, timestamp + METHOD + path + body): path as it is sent, without the query; body byte for byte as it is sent, empty if there is none |

Recommended instead: an HTTP Message Signature (RFC 9421, \`hmac-sha256\`, \`keyid\` = platform_id, \`created\`).
It covers \`@method\`, \`@target-uri\` (or \`@path\` and \`@query\`), \`content-digest\` (RFC 9530) if there is a body, and \`idempotency-key\` if it is sent.
It covers the query; X-Signature does not.

**Posting operations take effect once.** Put \`idempotency_key\` into the body. A request with the same key and body returns the first result again (\`Idempotency-Replayed: true\`).
The header \`Idempotency-Key\` does the same. Without a key, the signature of the request is its key, so the same bytes sent twice never post twice.
X-Signature does not cover the header. One X-Signature therefore belongs to one operation; with another key it is refused with 409 \`signature_used\`. RFC 9421 signatures cover the header.

**Calls under \`/operator/\`** are for the people who run the network. They send \`Authorization: Bearer\` with an operator token, and no signature.

**Answers to invalid tokens and signatures are delayed**, by network address, after 30 in a minute. When too many answers wait, the next call gets 429 \`too_many_failed_tokens\`. Valid calls are never delayed.

Errors are problem details (RFC 9457). [/problems](/problems) lists all of them.`;

/** A platform sends all four headers; an operator sends a bearer token. */
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

/** The problems that every operation of a side can answer, besides its own. */
const OF_ALL = {
  'x-problems': Object.fromEntries(
    Object.entries(SIDE_PROBLEMS).map(([side, codes]) => [side, byStatus(codes)]),
  ),
};

/** Adds the document and its page to the server; call it before the routes are added. */
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
        { name: 'users', description: 'Users of platforms, their members and their tags.' },
        { name: 'transactions', description: 'Single transactions.' },
        { name: 'rewards', description: 'Rewards, redemptions and vouchers.' },
        {
          name: 'recalls',
          description: 'Requests to the target platform for the points of a posted transfer.',
        },
        {
          name: 'disputes',
          description: 'Claims about transactions between members and platforms.',
        },
        { name: 'reports', description: 'Figures over all transactions of a platform.' },
        { name: 'platform', description: 'For integrators.' },
        {
          name: 'operator',
          description:
            'For the people who run the network, with an operator token instead of a signature.',
        },
        { name: 'health', description: 'For operators; not signed.' },
      ],
      components: { securitySchemes },
      ...OF_ALL,
    },
    // What a document of this form has is more than the library's type of it says.
    transformObject: (made) =>
      'openapiObject' in made
        ? addExamples(
            nameSchemas(made.openapiObject as NamedDocument, SCHEMA_NAMES),
            readExamples(),
          )
        : made.swaggerObject,
    transform: ({ schema, url, route }) => ({
      url,
      schema: schema?.hide === true ? schema : describe(schema, route.config?.row),
    }),
  });
  await servePage(server);
}

/** Adds to a schema what the row of its route says: callers, persons, problems. */
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

/** Groups problems by their status. */
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
