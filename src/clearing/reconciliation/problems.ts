// Problems of operators' requests to reconciliation, in order of precedence.

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
    advice: 'It needs no action; it opens again when a later run finds it.',
  },
  break_not_disputable: {
    status: 409,
    error: 'Break not disputable',
    advice:
      'Only a difference about a transaction of this network can be disputed; correct the cause ' +
      'with the platform and recheck, or accept it.',
  },
  break_not_adjustable: {
    status: 409,
    error: 'Break not adjustable',
    advice:
      'Points are given back here only where a connected platform was paid for more than it reports' +
      ' as credited; otherwise let the platform correct its books and recheck, dispute ' +
      'it, or accept it.',
  },
  not_connected: {
    status: 409,
    error: 'Platform not connected',
    advice: 'No connection to this platform is registered; register its address, then ask again.',
  },
  platform_did_not_answer: {
    status: 503,
    error: 'Platform did not answer',
    retryable: true,
    advice: 'Its side is unknown, so nothing was changed; ask again later.',
  },
});
