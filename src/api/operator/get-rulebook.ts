// GET /operator/rulebook: one version of the rulebook with its document; by default the version in
// force.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeVersionWithDocument, VersionWithDocument } from '../../views/rulebook.ts';
import { VersionNumber } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Query = closed({ version: Type.Optional(VersionNumber) });

export const getRulebook = defineRoute({
  operationId: 'getRulebook',
  method: 'GET',
  url: '/operator/rulebook',
  tag: 'operator',
  summary: 'A version of the rulebook',
  description: 'The version in force when `version` is absent.',
  query: Query,
  answer: VersionWithDocument,
  problems: ['version_not_found'],
  serve:
    ({ valuation }) =>
    async ({ query }) => {
      await valuation.refresh();
      const inForce = valuation.rulebook().version;
      const found = await valuation.proposals.findVersion(query.version ?? inForce);
      return found.ok ? ok(describeVersionWithDocument(found.value, inForce)) : found;
    },
});
