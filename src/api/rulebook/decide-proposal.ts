// The work of the two routes that end a proposal without its changes: reject and withdraw.

import type { Static } from 'typebox';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeProposal, type ProposalView } from '../../views/rulebook.ts';
import { type DecisionBody, type ProposalParams } from './rulebook-request.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';

interface Call extends ByOperator {
  readonly params: Static<typeof ProposalParams>;
  readonly body: Static<typeof DecisionBody>;
}

/** Returns the work of one of the two routes. */
export function endProposal(decision: 'reject' | 'withdraw') {
  return ({ valuation }: ApiParts) =>
    async ({ operator, params, body }: Call): Promise<Result<Static<typeof ProposalView>>> => {
      const decided = await valuation.proposals[decision]({
        proposalId: params.proposal_id,
        operatorId: operator.operatorId,
        reason: body.reason,
      });
      return decided.ok ? ok(describeProposal(decided.value)) : decided;
    };
}
