// Why an act of two persons cannot be asked, approved or done, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const actProblems = defineProblems({
  second_person_needed: {
    status: 403,
    error: 'A second person is needed',
    advice:
      'This takes two operators once there are two: name the one who asks with --as-token or ' +
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
    advice: 'Look at it with GET /operator/requests/{request_id}; if it is still wanted, ask anew.',
  },
  request_expired: {
    status: 409,
    error: 'Request has expired',
    advice: 'Nobody approved it in time; if it is still wanted, ask anew.',
  },
  approver_is_asker: {
    status: 403,
    error: 'Approver must be another person',
    advice: 'Another operator approves or rejects it; whoever asked may withdraw it.',
  },
  asker_suspended: {
    status: 409,
    error: 'Asker is suspended',
    advice: 'Reject it; if it is still wanted, another operator asks anew.',
  },
  not_the_asker: {
    status: 403,
    error: 'Not your request',
    advice: 'Whoever asked may withdraw it; others reject it.',
  },
  request_changed: {
    status: 409,
    error: 'Circumstances have changed',
    advice: 'Look at the request again, and approve it with the fingerprint that it shows now.',
  },
});
