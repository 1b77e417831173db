// GET /operator/proposals: the proposals, newest first; all, or those in one state.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import type { ProposalState } from '../../valuation/valuation.ts';
import { describeProposal, ProposalView } from '../../views/rulebook.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;

const Query = closed({
  state: Type.Optional(
    Type.Enum(['open', 'approved', 'rejected', 'withdrawn'] satisfies ProposalState[]),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ proposals: Type.Array(ProposalView) });

export const listProposals = defineRoute({
  operationId: 'listProposals',
  method: 'GET',
  url: '/operator/proposals',
  tag: 'operator',
  summary: 'Proposed changes of the rulebook',
  description: 'Newest first.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ valuation }) =>
    async ({ query: { state, limit = DEFAULT_LIMIT } }) => {
      const rows = await valuation.proposals.list(state, limit);
      return ok({ proposals: rows.map(describeProposal) });
    },
});
