// Why reconciliation refuses an operator, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const reconciliationProblems = defineProblems({
  break_not_found: {
    status: 404,
    error: 'Break not found',
    advice: 'Use a break_id that GET /operator/breaks lists.',
  },
  break_closed: {
    status: 409,
    error: 'Break already closed',
    advice: 'Nothing is to be done about it; it opens again when a later run finds it.',
  },
  break_not_disputable: {
    status: 409,
    error: 'Break not disputable',
    advice:
      'Only a difference of a transaction of this network can be disputed; mend the cause ' +
      'with the platform and recheck, or accept it.',
  },
  break_not_adjustable: {
    status: 409,
    error: 'Break not adjustable',
    advice:
      'Points are given back here only where a connected platform was paid for more than it says' +
      ' it has credited; otherwise have the platform correct its books and recheck, dispute ' +
      'it, or accept it.',
  },
  not_connected: {
    status: 409,
    error: 'Platform not connected',
    advice:
      'No connection to this platform is registered; register where it answers, then ask again.',
  },
  platform_did_not_answer: {
    status: 503,
    error: 'Platform did not answer',
    retryable: true,
    advice: 'Nothing is known of its side, so nothing was changed; ask again later.',
  },
});
