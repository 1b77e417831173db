// Reasons why disputes are refused, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const disputeProblems = defineProblems({
  dispute_not_found: {
    status: 404,
    error: 'Dispute not found',
    advice:
      'Use the dispute_id from the answer that opened it; a platform sees only disputes in which it ' +
      'takes part.',
  },
  evidence_not_found: {
    status: 404,
    error: 'Evidence not found',
    advice: 'The dispute lists its evidence by number.',
  },
  not_disputable: {
    status: 409,
    error: 'Not disputable',
    advice:
      'Only conversions and transfers between members can be disputed; a platform reverses its ' +
      'other transactions itself.',
  },
  not_your_side: {
    status: 403,
    error: 'Not your side',
    advice:
      'The respondent accepts or contests, the claimant rebuts or withdraws; a platform ' +
      'claims for its own side only.',
  },
  dispute_too_late: {
    status: 409,
    error: 'Too late to dispute',
    advice:
      "A transaction can be disputed until the network's deadline after it was posted; settle " +
      'it with the other platform.',
  },
  dispute_decided: {
    status: 409,
    error: 'Decided already',
    advice:
      'A claim that was rejected, or withdrawn for the second time, stays decided; against a ' +
      'rejection the claimant can appeal once, within the deadline, with POST ' +
      '/api/disputes/{dispute_id}/appeal.',
  },
  not_appealable: {
    status: 409,
    error: 'Appeal not possible',
    advice:
      'The claimant can appeal once, against a decision that has ended its dispute with less ' +
      'than it claimed.',
  },
  appeal_too_late: {
    status: 409,
    error: 'Too late to appeal',
    advice:
      "An appeal was possible until the dispute's appeal_until; settle it with the " +
      'other platform.',
  },
  dispute_too_small: {
    status: 409,
    error: 'Too little to dispute',
    advice:
      'Dispute at least `minimum`, or settle it with the other platform; an operator can open ' +
      'any dispute.',
  },
  dispute_exceeds_rest: {
    status: 409,
    error: 'More than can be disputed',
    advice:
      'All disputes over a transaction together can claim only what is not reversed, ' +
      'disputed or decided already.',
  },
  same_operator_opened: {
    status: 409,
    error: 'Opened by the same operator',
    advice: 'Another operator has to decide.',
  },
  same_operator_decided: {
    status: 409,
    error: 'Decided by the same operator',
    advice: 'An appeal is decided by an operator who had no part in the first decision.',
  },
  wrong_dispute_state: {
    status: 409,
    error: 'Not possible in this state',
    advice: 'Read the dispute to see whose turn it is.',
  },
  answer_too_late: {
    status: 409,
    error: 'Too late to answer',
    advice: 'The due date has passed, so the dispute is decided without this answer.',
  },
  evidence_not_base64: {
    status: 400,
    error: 'Evidence cannot be read',
    advice: 'Give either text, or content in base64 (RFC 4648, section 4) of 1 byte to 256 KiB.',
  },
  too_much_evidence: {
    status: 409,
    error: 'Too much evidence',
    advice:
      'A dispute takes at most 10 pieces of evidence from both sides together; combine several in one file.',
  },
  nothing_to_adjust: {
    status: 409,
    error: 'Nothing to adjust here',
    advice:
      'The source platform keeps its points itself and settles its part in its own ' +
      'books: reject the dispute, or let the target platform bear the adjustment.',
  },
});
