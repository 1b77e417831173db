// Why a reward cannot be redeemed as asked, in order of precedence. Sold out is the ledger's to say.

import { defineProblems } from '../kernel/problem.ts';

export const rewardProblems = defineProblems({
  reward_not_found: {
    status: 400, error: 'Reward not available',
    advice: 'Name a reward_id that GET /api/rewards lists for your platform.',
  },
  reward_price_mismatch: {
    status: 400, error: 'Wrong amount for this reward',
    advice: 'Send points_required times quantity as the amount; ask GET /api/rewards for the price of the moment.',
  },
});
