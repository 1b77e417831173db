// Reasons why recalls are refused, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const recallProblems = defineProblems({
  recall_not_found: {
    status: 404,
    error: 'Recall not found',
    advice:
      'Use the recall_id from the answer that opened it; a platform sees only recalls in which ' +
      'it takes part.',
  },
  not_recallable: {
    status: 409,
    error: 'Not recallable',
    advice:
      'Only a transfer to another platform can be recalled; a platform reverses its own ' +
      'transactions itself with POST /api/points/reverse.',
  },
  not_your_recall: {
    status: 403,
    error: 'Not yours to decide',
    advice:
      'The source of a transfer asks for a recall and may withdraw it; the target accepts or ' +
      'refuses.',
  },
  recall_open: {
    status: 409,
    error: 'Recall is open',
    advice:
      'The target platform has been asked for this transfer: withdraw the recall, or wait for ' +
      'its answer.',
  },
  recall_exceeds_rest: {
    status: 409,
    error: 'More than can be recalled',
    advice:
      'Ask at most for what is neither reversed nor disputed, and for which the target platform ' +
      'has not been asked before; a dispute decides about the rest.',
  },
  wrong_recall_state: {
    status: 409,
    error: 'Not possible in this state',
    advice: 'Read the recall to see its state.',
  },
  recall_too_late: {
    status: 409,
    error: 'Too late to answer',
    advice: 'The due date has passed, so the recall counts as refused.',
  },
});
