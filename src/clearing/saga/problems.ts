// Problems of an operator's decision on a saga.

import { defineProblems } from '../../kernel/problem.ts';

export const sagaProblems = defineProblems({
  saga_not_found: {
    status: 404,
    error: 'No such transfer under way',
    advice:
      'Check the transaction_id; only transfers over platforms that keep their points ' +
      'themselves are listed here.',
  },
  saga_ended: {
    status: 409,
    error: 'Transfer has ended',
    advice: 'There is nothing left to decide; a completed transfer can be reversed.',
  },
  saga_action_not_possible: {
    status: 409,
    error: 'Not possible in this state',
    advice: 'The `actions` of the transfer list what is possible now.',
  },
  saga_moved: {
    status: 409,
    error: 'Transfer has changed meanwhile',
    retryable: true,
    advice: 'Read the transfer again, and decide by its present state.',
  },
});
