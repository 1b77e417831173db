// Problems of asking for, approving or doing an act of two persons, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const actProblems = defineProblems({
  second_person_needed: {
    status: 403,
    error: 'A second person is needed',
    advice:
      'This takes two operators once there are two: the one who asks gives --as-token or ' +
      'PONTIS_OPERATOR_TOKEN, and another one approves it.',
  },
  request_not_found: {
    status: 404,
    error: 'Request not found',
    advice: 'Name a request as `pontis requests list` shows it.',
  },
  request_decided: {
    status: 409,
    error: 'Request has ended',
    advice: 'Read it with GET /operator/requests/{request_id}; if it is still needed, ask again.',
  },
  request_expired: {
    status: 409,
    error: 'Request has expired',
    advice: 'Nobody approved it in time; if it is still needed, ask again.',
  },
  approver_is_asker: {
    status: 403,
    error: 'Approver must be another person',
    advice: 'Another operator approves or rejects it; the one who asked may withdraw it.',
  },
  asker_suspended: {
    status: 409,
    error: 'Asker is suspended',
    advice: 'Reject it; if it is still needed, another operator asks again.',
  },
  not_the_asker: {
    status: 403,
    error: 'Not your request',
    advice: 'The operator who asked may withdraw it; others reject it.',
  },
  request_changed: {
    status: 409,
    error: 'Circumstances have changed',
    advice: 'Read the request again, and approve it with its present fingerprint.',
  },
});
