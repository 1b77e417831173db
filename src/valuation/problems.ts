// Problems of rules, quotes and proposals, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

/** Problems of the valuation module. */
export const valuationProblems = defineProblems({
  quote_not_found: {
    status: 400,
    error: 'Quote not found',
    advice: 'Use the quote_id exactly as POST /api/points/quote returned it to you.',
  },
  quote_mismatch: {
    status: 400,
    error: 'Quote does not fit',
    advice:
      'A quote is valid only for the amount, the platforms and the user that it was made for. ' +
      'Ask for another one.',
  },
  quote_expired: {
    status: 409,
    error: 'Quote expired',
    advice: 'Ask for a new quote and use it before its expires_at.',
  },
  quote_used: {
    status: 409,
    error: 'Quote already used',
    advice: 'A quote can be used once; ask for a new one.',
  },
  reward_not_found: {
    status: 400,
    error: 'Reward not available',
    advice: 'Name a reward_id that GET /api/rewards lists for your platform.',
  },
  reward_not_offered: {
    status: 400,
    error: 'Reward not available',
    advice: 'The reward is not offered now; GET /api/rewards shows from when and until when it is.',
  },
  reward_price_mismatch: {
    status: 400,
    error: 'Wrong amount for this reward',
    advice:
      'Send points_required times quantity as the amount; GET /api/rewards shows the current ' +
      'price.',
  },
  reward_not_eligible: {
    status: 403,
    error: 'Not eligible for this reward',
    advice: 'The reward is not for this member; GET /api/rewards/options lists those that are.',
  },
  rule_failed: {
    status: 409,
    error: 'Rule failed',
    advice:
      'A rule of the network could not be evaluated for this operation, so it was refused and ' +
      'the operator was alerted. Retry later.',
  },
  operation_denied: {
    status: 403,
    error: 'Denied by a rule',
    advice: "The network's rules do not allow this operation.",
  },
  limit_exceeded: {
    status: 409,
    error: 'Limit exceeded',
    advice: 'Use a smaller amount, or wait until the period of the limit is over.',
  },
  no_earn_rule: {
    status: 400,
    error: 'No earn rule',
    advice:
      'The network has no rule that turns this purchase into points; give the amount in ' +
      'points, or ask the operator for a rule.',
  },
  platforms_not_registered: {
    status: 400,
    error: 'Platforms not registered',
    advice:
      'A rulebook may only list registered platforms. Correct the ids in `platforms`, or ' +
      'register the platforms first (pontis platform add).',
  },
  invalid_rulebook: {
    status: 400,
    error: 'Invalid rulebook',
    advice: 'Correct the places that `faults` names and send it again.',
  },
  arbitrage: {
    status: 409,
    error: 'Arbitrage',
    advice:
      'With these rates a chain of conversions gains points. Change the rates on the path ' +
      'that is shown.',
  },
  rulebook_too_costly: {
    status: 400,
    error: 'Rulebook takes too long to check',
    advice:
      'The check was stopped. Use fewer rules, and compare platforms in conditions with == ' +
      'and in, which are checked for many platforms at once.',
  },
  checks_busy: {
    status: 503,
    error: 'Too many checks at once',
    retryable: true,
    advice:
      'Other changes of the rulebook are being checked and more are waiting. Retry in a few ' +
      'seconds.',
  },
  nothing_changes: {
    status: 400,
    error: 'Nothing changes',
    advice: 'The proposal equals the version approved last; change something.',
  },
  proposal_not_found: {
    status: 404,
    error: 'Proposal not found',
    advice: 'Check the proposal_id; GET /operator/proposals lists all of them.',
  },
  proposal_decided: {
    status: 409,
    error: 'Proposal already decided',
    advice: 'A proposal is approved, rejected or withdrawn once; make a new one.',
  },
  proposal_conflict: {
    status: 409,
    error: 'Proposal conflicts with a later version',
    advice:
      'Items of this proposal have changed since it was made. Make a new proposal on the ' +
      'current rulebook.',
  },
  same_operator: {
    status: 403,
    error: 'Maker and checker are the same',
    advice: 'The operator who made a proposal cannot decide it; ask another operator.',
  },
  not_the_maker: {
    status: 403,
    error: 'Not yours to withdraw',
    advice: 'Only the operator who made a proposal can withdraw it; others can reject it.',
  },
  effective_too_early: {
    status: 409,
    error: 'Effective too early',
    advice:
      'Versions take effect in order. Give a time that is not earlier than that of the version ' +
      'approved last.',
  },
  version_scheduled: {
    status: 409,
    error: 'Another version is scheduled',
    retryable: true,
    advice: 'Versions take effect in order. Retry when the scheduled version is in force.',
  },
  version_not_found: {
    status: 404,
    error: 'Version not found',
    advice: 'Check the version number; GET /operator/rulebook/history lists all of them.',
  },
});
