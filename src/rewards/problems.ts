// Problems of redemptions and vouchers, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const rewardsProblems = defineProblems({
  redemption_not_found: {
    status: 404,
    error: 'Redemption not found',
    advice:
      'Use the redemption_id from the answer of POST /api/points/redeem; a platform sees ' +
      'only its own redemptions.',
  },
  voucher_not_found: {
    status: 404,
    error: 'Voucher not found',
    advice: 'Check every character of the code; a platform sees only vouchers of its own rewards.',
  },
  voucher_used: {
    status: 409,
    error: 'Voucher already used',
    advice: 'A unit that was handed over can be neither used again nor cancelled.',
  },
  voucher_returned: {
    status: 409,
    error: 'Voucher already given back',
    advice:
      'Points and unit of this voucher were given back; name vouchers that GET ' +
      '/api/redemptions/{redemption_id} lists as `vouchers`.',
  },
  vouchers_mismatch: {
    status: 400,
    error: 'Vouchers do not fit',
    advice: 'Name as many vouchers as units, or leave `amount` and `quantity` out.',
  },
  redemption_cancelled: {
    status: 409,
    error: 'Redemption cancelled',
    advice: 'Its points were given back; redeem again for a new voucher.',
  },
  redemption_expired: {
    status: 409,
    error: 'Redemption expired',
    advice: 'Its vouchers could be used until expires_at; their points are not given back.',
  },
});
