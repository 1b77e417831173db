// Problems of acts that another operator approves: an act can meet them when it is asked for, and
// again when it is carried out. The routes that ask for an act, and the approval of all, name them.

import type { NewActRequest } from '../../acts/acts.ts';
import type { ProblemCode } from '../problem-catalogue.ts';

const BREAK = ['break_not_found', 'break_closed'] as const;
const FORCED = ['saga_not_found', 'saga_ended', 'saga_action_not_possible', 'saga_moved'] as const;

/** A new act does not compile without its row. */
export const ACT_PROBLEMS = {
  operator_add: ['operator_exists', 'invalid_operator_id'],
  operator_token: ['operator_not_found'],
  operator_resume: ['operator_not_found'],
  platform_token: ['platform_not_found'],
  platform_secret: ['platform_not_found'],
  member_link: [
    'platform_not_found',
    'invalid_user_id',
    'user_not_found',
    'link_conflict',
    'member_not_found',
    'user_already_linked',
    'member_already_linked',
  ],
  connection_set: [
    'platform_not_found',
    'invalid_platform_id',
    'hosted_platform',
    'invalid_connection',
  ],
  connection_remove: ['platform_not_found', 'hosted_platform', 'connection_not_found'],
  transfer_force_completed: FORCED,
  transfer_force_failed: FORCED,
  mode_widen: ['platform_not_found'],
  break_accept: BREAK,
  break_adjust: [
    ...BREAK,
    'break_not_adjustable',
    'platform_did_not_answer',
    'transaction_not_found',
    'not_disputable',
    'already_reversed',
    'dispute_decided',
    'dispute_exceeds_rest',
    'dispute_too_small',
    'dispute_too_late',
  ],
} as const satisfies Readonly<Record<NewActRequest['act'], readonly ProblemCode[]>>;

/** The problems of every act, each once. */
export const PROBLEMS_OF_ALL_ACTS: readonly ProblemCode[] = [
  ...new Set<ProblemCode>(Object.values(ACT_PROBLEMS).flat()),
];
