// GET /operator/proposals/{proposal_id}/backtest: what a proposal would have made of the
// transactions of the last days.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { backtest, MAX_BACKTEST_DAYS, type Backtest } from '../../monitor/monitor.ts';
import { describeBacktest } from '../../views/backtest.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { untilLeft } from '../../http/until-left.ts';
import type { ApiParts } from '../parts.ts';
import { closed, DateTime, problemResponses } from '../schemas.ts';

const Params = closed({
  proposal_id: Type.String({
    pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    description: 'A proposal_id that this API answered.',
  }),
});
const Query = closed({
  days: Type.Integer({
    minimum: 1,
    maximum: MAX_BACKTEST_DAYS,
    default: 30,
    description: 'How many days back from now.',
  }),
});

const Counts = Type.Record(Type.String(), Type.Integer(), { description: 'How many, by rule.' });
const Side = Type.Object({
  outcome: Type.String({
    enum: ['posted', 'reviewed', 'denied', 'over_limit', 'rule_failed', 'too_small'],
  }),
  rule: Type.Optional(Type.String()),
  fee: Type.Optional(Type.String()),
  credited: Type.Optional(Type.String()),
  target_fee: Type.Optional(Type.String()),
  bonus: Type.Optional(Type.String()),
});
const Answer = Type.Object({
  proposal_id: Type.String(),
  from: DateTime,
  until: DateTime,
  complete: Type.Boolean({
    description:
      'False when there was more than is looked at in one answer; then the latest part of the ' +
      'period is missing.',
  }),
  transactions: Type.Integer(),
  changed: Type.Integer({
    description: 'Transactions whose outcome or terms would have been others.',
  }),
  left_out: Type.Object({ reversed: Type.Integer(), released: Type.Integer() }),
  platforms: Type.Array(
    Type.Object({
      platform_id: Type.String({ description: 'Whose points moved first.' }),
      transactions: Type.Integer(),
      changed: Type.Integer(),
      amount: Type.String({ description: 'Points, as decimal text.' }),
      denied: Counts,
      reviewed: Counts,
      over_limit: Counts,
      rule_failed: Counts,
      too_small: Type.Integer(),
      fee_before: Type.String(),
      fee_after: Type.String(),
      conversions: Type.Array(
        Type.Object({
          target_platform: Type.String(),
          fee_before: Type.String(),
          fee_after: Type.String(),
          credited_before: Type.String(),
          credited_after: Type.String(),
          target_fee_before: Type.String(),
          target_fee_after: Type.String(),
        }),
      ),
    }),
  ),
  rules: Type.Array(Type.Object({ item: Type.String(), applied: Type.Integer() }), {
    description: 'How often each rule applied.',
  }),
  examples: Type.Array(
    Type.Object({
      transaction_id: Type.String(),
      posted_at: DateTime,
      operation: Type.String(),
      platform_id: Type.String(),
      target_platform: Type.String(),
      amount: Type.String(),
      before: Side,
      after: Side,
      applied: Type.Array(
        Type.Object({ item: Type.String(), kind: Type.String(), effect: Type.String() }),
      ),
    }),
    { description: 'Up to 20 transactions that would have changed.' },
  ),
  assumptions: Type.Array(Type.String(), { description: 'What the answer takes for granted.' }),
});

/** Rows looked at in one answer: some ten seconds. */
const MAX_ROWS = 1_000_000;

export function getBacktest(server: FastifyInstance, parts: ApiParts): void {
  const { valuation, ledger } = parts;
  /** One after the other: each keeps a core busy that answers callers as well. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<Backtest>): Promise<Backtest> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  server.get<{ Params: Static<typeof Params>; Querystring: Static<typeof Query> }>(
    '/operator/proposals/:proposal_id/backtest',
    {
      schema: {
        operationId: 'backtestProposal',
        tags: ['operator'],
        summary: 'What a proposal would have changed',
        description:
          'Replays recent transactions under the rulebook that the proposal would make. Reads only.',
        params: Params,
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const proposal = await valuation.proposals.find(request.params.proposal_id);
      if (!proposal.ok) return answerProblem(request, reply, proposal.problem);
      const rulebook = await untilLeft(reply, (signal) =>
        valuation.proposals.rulebookOf(proposal.value, signal),
      );
      if (!rulebook.ok) return answerProblem(request, reply, rulebook.problem);
      const found = await inTurn(() =>
        backtest(rulebook.value, parts, { days: request.query.days, maxRows: MAX_ROWS }),
      );
      return {
        proposal_id: proposal.value.proposalId,
        ...describeBacktest(found, (platformId) => ledger.pointsOf(platformId)?.scale ?? 2),
      };
    },
  );
}
