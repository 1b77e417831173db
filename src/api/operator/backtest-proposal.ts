// GET /operator/proposals/{proposal_id}/backtest: the changes that a proposal would have made to
// the transactions of the last days.

import { Type } from 'typebox';
import { untilLeft } from '../../http/until-left.ts';
import { ok } from '../../kernel/problem.ts';
import { type Backtest, backtest, MAX_BACKTEST_DAYS } from '../../monitor/monitor.ts';
import { BacktestView, describeBacktest } from '../../views/backtest.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({
  proposal_id: Type.String({
    pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    description: 'A proposal_id from an answer of this API.',
  }),
});
const Query = closed({
  days: Type.Integer({
    minimum: 1,
    maximum: MAX_BACKTEST_DAYS,
    default: 30,
    description: 'Number of days back from now.',
  }),
});

/** The largest number of rows for one answer: about ten seconds of work. */
const MAX_ROWS = 1_000_000;

export const backtestProposal = defineRoute({
  operationId: 'backtestProposal',
  method: 'GET',
  url: '/operator/proposals/:proposal_id/backtest',
  tag: 'operator',
  summary: 'Changes that a proposal would have made',
  description:
    'Replays recent transactions under the rulebook that the proposal would make. Reads only.',
  params: Params,
  query: Query,
  answer: BacktestView,
  problems: [
    'proposal_not_found',
    'proposal_decided',
    'invalid_rulebook',
    'arbitrage',
    'rulebook_too_costly',
    'checks_busy',
    'platforms_not_registered',
    'proposal_conflict',
  ],
  serve: (parts) => {
    const { valuation, ledger } = parts;
    /** Backtests run one after another: each keeps a core busy that also serves callers. */
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = (work: () => Promise<Backtest>): Promise<Backtest> => {
      const mine = last.then(work);
      last = mine.catch(() => undefined);
      return mine;
    };
    return async ({ params, query, reply }) => {
      const proposal = await valuation.proposals.find(params.proposal_id);
      if (!proposal.ok) return proposal;
      const rulebook = await untilLeft(reply, (signal) =>
        valuation.proposals.rulebookOf(proposal.value, signal),
      );
      if (!rulebook.ok) return rulebook;
      const found = await inTurn(() =>
        backtest(rulebook.value, parts, { days: query.days, maxRows: MAX_ROWS }),
      );
      return ok({ proposal_id: proposal.value.proposalId, ...describeBacktest(found, ledger) });
    };
  },
});
