// GET /operator/proposals/{proposal_id}/backtest: what a proposal would have made of the
// transactions of the last days.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { backtest, MAX_BACKTEST_DAYS, type Backtest } from '../../monitor/monitor.ts';
import { BacktestView, describeBacktest } from '../../views/backtest.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { untilLeft } from '../../http/until-left.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';

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
        response: { 200: BacktestView, ...problemResponses },
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
        ...describeBacktest(found, ledger),
      };
    },
  );
}
