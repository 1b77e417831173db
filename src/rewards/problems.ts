// Why redemptions and vouchers refuse, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const rewardsProblems = defineProblems({
  redemption_not_found: {
    status: 404, error: 'Redemption not found',
    advice: 'Use the redemption_id that POST /api/points/redeem answered to you; a platform sees only its own redemptions.',
  },
  voucher_not_found: {
    status: 404, error: 'Voucher not found',
    advice: 'Check every character of the code; a platform sees only vouchers of its own rewards.',
  },
  voucher_used: {
    status: 409, error: 'Voucher already used',
    advice: 'What was delivered can be neither used again nor cancelled.',
  },
  redemption_cancelled: {
    status: 409, error: 'Redemption cancelled',
    advice: 'Its points were given back; redeem again for a new voucher.',
  },
  redemption_expired: {
    status: 409, error: 'Redemption expired',
    advice: 'Its vouchers could be used until expires_at; their points are not given back.',
  },
});
