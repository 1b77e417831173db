// GET /operator/rulebook/history: all versions of the rulebook, newest first, with author, proposal
// and time in force.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeVersions, VersionsView } from '../../views/rulebook.ts';
import { VersionNumber } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 50;
const BEFORE_ALL = 2_147_483_647;

const Query = closed({
  before: Type.Optional(VersionNumber),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});

export const listVersions = defineRoute({
  operationId: 'listVersions',
  method: 'GET',
  url: '/operator/rulebook/history',
  tag: 'operator',
  summary: 'Versions of the rulebook',
  description: 'Newest first.',
  query: Query,
  answer: VersionsView,
  problems: [],
  serve:
    ({ valuation }) =>
    async ({ query: { before = BEFORE_ALL, limit = DEFAULT_LIMIT } }) => {
      await valuation.refresh();
      const inForce = valuation.rulebook().version;
      // One row more shows whether there is a next page.
      const rows = await valuation.proposals.listVersions(before, limit + 1);
      return ok(describeVersions(rows, limit, inForce));
    },
});
