// How each act of two persons is described and done. A new one is a row here and in the table.

import {
  breakAccept,
  breakAdjust,
  connectionRemove,
  connectionSet,
  modeWiden,
  transferForceCompleted,
  transferForceFailed,
} from './perform-clearing.ts';
import { memberLink } from './perform-members.ts';
import { operatorAdd, operatorResume, operatorToken } from './perform-operators.ts';
import { platformSecret, platformToken } from './perform-platforms.ts';
import type { RequestedAct } from './table.ts';
import type { Performer } from './types.ts';

export const performers: Readonly<Record<RequestedAct, Performer>> = {
  operator_add: operatorAdd,
  operator_token: operatorToken,
  operator_resume: operatorResume,
  platform_token: platformToken,
  platform_secret: platformSecret,
  member_link: memberLink,
  connection_set: connectionSet,
  connection_remove: connectionRemove,
  transfer_force_completed: transferForceCompleted,
  transfer_force_failed: transferForceFailed,
  mode_widen: modeWiden,
  break_accept: breakAccept,
  break_adjust: breakAdjust,
};
