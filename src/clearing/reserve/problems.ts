// Problems of making or deciding a request about a reserve, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const reserveProblems = defineProblems({
  reserve_request_not_found: {
    status: 404,
    error: 'Reserve request not found',
    advice: 'Check the request_id; GET /operator/reserves/{platform_id} lists those of a platform.',
  },
  reserve_request_decided: {
    status: 409,
    error: 'Reserve request already decided',
    advice: 'A request is decided once; make a new one if it is still needed.',
  },
  checker_is_maker: {
    status: 403,
    error: 'Maker and checker are the same',
    advice: 'A request is approved or rejected by another operator than the one who made it.',
  },
  not_your_request: {
    status: 403,
    error: 'Not yours to withdraw',
    advice: 'Only the operator who made a request withdraws it; others reject it.',
  },
  prefund_owed: {
    status: 409,
    error: 'Prefund is owed',
    advice:
      'Withdraw at most what the prefund has beyond `owed`, which closed windows will take out of ' +
      'it; the request stays open until they are settled.',
  },
  payment_already_booked: {
    status: 409,
    error: 'Payment already booked',
    advice:
      'A payment at the bank is booked once; look at the request that names this bank_reference.',
  },
});
