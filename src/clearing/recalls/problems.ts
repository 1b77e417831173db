// Why recalls refuse, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const recallProblems = defineProblems({
  recall_not_found: {
    status: 404,
    error: 'Recall not found',
    advice:
      'Use the recall_id that asking for it answered; a platform sees only recalls in which ' +
      'it takes part.',
  },
  not_recallable: {
    status: 409,
    error: 'Not recallable',
    advice:
      'Only a transfer to another platform is recalled; what concerns one platform alone it ' +
      'reverses itself with POST /api/points/reverse.',
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
      'Name at most what is neither reversed nor disputed, and what the target platform has ' +
      'not been asked for before; a dispute decides over the rest.',
  },
  wrong_recall_state: {
    status: 409,
    error: 'Not possible in this state',
    advice: 'Read the recall to see how it stands.',
  },
  recall_too_late: {
    status: 409,
    error: 'Too late to answer',
    advice: 'The due date has passed, and silence has refused.',
  },
});
