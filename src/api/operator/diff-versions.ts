// GET /operator/rulebook/diff: the differences between two versions of the rulebook.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { diffRulebooks } from '../../valuation/valuation.ts';
import { ChangesView, describeChanges } from '../../views/rulebook.ts';
import { VersionNumber } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Query = closed({ from: Type.Optional(VersionNumber), to: Type.Optional(VersionNumber) });
const Answer = Type.Object({ from: Type.Integer(), to: Type.Integer(), ...ChangesView });

export const diffVersions = defineRoute({
  operationId: 'diffVersions',
  method: 'GET',
  url: '/operator/rulebook/diff',
  tag: 'operator',
  summary: 'Differences between two versions',
  description:
    '`from` is the version in force when absent; `to` is the version approved last when ' +
    'absent. Without both, the answer is the next change.',
  query: Query,
  answer: Answer,
  problems: ['version_not_found'],
  serve:
    ({ valuation }) =>
    async ({ query }) => {
      const { proposals } = valuation;
      await valuation.refresh();
      const from = await proposals.findVersion(query.from ?? valuation.rulebook().version);
      if (!from.ok) return from;
      const to = await proposals.findVersion(query.to ?? (await proposals.latest()).version);
      if (!to.ok) return to;
      return ok({
        from: from.value.version,
        to: to.value.version,
        ...describeChanges(diffRulebooks(from.value.document, to.value.document)),
      });
    },
});
