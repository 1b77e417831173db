// POST /operator/proposals: proposes a change of the rulebook; another operator decides it.

import { Type } from 'typebox';
import { untilLeft } from '../../http/until-left.ts';
import { ok } from '../../kernel/problem.ts';
import { describeProposal, ProposalWithChanges } from '../../views/rulebook.ts';
import { changeFields, changeOf, momentOf, Reason } from '../rulebook/rulebook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed, DateTime } from '../../views/schemas.ts';

const Body = closed(
  {
    reason: Reason,
    ...changeFields,
    effective_at: Type.Optional(DateTime),
    urgent: Type.Optional(
      Type.Boolean({
        description: 'True: it takes effect without the notice period; the history shows this.',
      }),
    ),
  },
  'Exactly one of document and patch.',
);

export const proposeChange = defineRoute({
  operationId: 'proposeChange',
  method: 'POST',
  url: '/operator/proposals',
  tag: 'operator',
  summary: 'Propose a change of the rulebook',
  description:
    'The change is stored as the items that differ from the version approved last. It takes ' +
    'effect after another operator has approved it and its notice period is over, or at ' +
    '`effective_at` if that is later.',
  body: Body,
  answer: ProposalWithChanges,
  problems: [
    'invalid_rulebook',
    'arbitrage',
    'rulebook_too_costly',
    'checks_busy',
    'platforms_not_registered',
    'proposal_conflict',
    'nothing_changes',
  ],
  serve:
    ({ valuation }) =>
    async ({ operator, body, reply }) => {
      const { reason, effective_at: effectiveAt, urgent } = body;
      const change = changeOf(body);
      if (!change.ok) return change;
      const effectiveAtMs = momentOf(effectiveAt, 'effective_at');
      if (!effectiveAtMs.ok) return effectiveAtMs;
      const proposal = {
        operatorId: operator.operatorId,
        reason,
        change: change.value,
        effectiveAtMs: effectiveAtMs.value,
        urgent,
      };
      const made = await untilLeft(reply, (signal) => valuation.proposals.make(proposal, signal));
      if (!made.ok) return made;
      const { changes, lines } = made.value;
      return ok({
        ...describeProposal(made.value),
        changes: [...changes],
        lines: JSON.parse(lines) as string[],
      });
    },
});
