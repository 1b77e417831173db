// GET /operator/rulebook/history: all versions of the rulebook, newest first: who wrote them, by
// which proposal, from when to when.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeVersion, VersionNumber, VersionView } from '../../views/rulebook.ts';

const DEFAULT_LIMIT = 50;
const BEFORE_ALL = 2_147_483_647;

const Query = closed({
  before: Type.Optional(VersionNumber),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({
  versions: Type.Array(VersionView),
  next_before: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The `before` of the next page; null at the end.',
  }),
});

export function getRulebookHistory(server: FastifyInstance, { valuation }: ApiParts): void {
  async function list({
    before = BEFORE_ALL,
    limit = DEFAULT_LIMIT,
  }: Static<typeof Query>): Promise<Static<typeof Answer>> {
    await valuation.refresh();
    const inForce = valuation.rulebook().version;
    // One more tells whether there is a next page.
    const rows = await valuation.proposals.listVersions(before, limit + 1);
    const page = rows.slice(0, limit);
    return {
      versions: page.map((row) => describeVersion(row, inForce)),
      next_before: rows.length > limit ? (page.at(-1)?.version ?? null) : null,
    };
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/rulebook/history',
    {
      schema: {
        operationId: 'listVersions',
        tags: ['operator'],
        summary: 'Versions of the rulebook',
        description: 'Newest first.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request) => list(request.query),
  );
}
