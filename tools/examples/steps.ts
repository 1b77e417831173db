// All steps in order. An operation's first step that has an answer of a status and media type is
// its example.

import { DISPUTES, RECALLS } from './claims.ts';
import { BREAKS, CONNECTED, OPEN } from './connected.ts';
import { REQUESTS, RESERVES, RULEBOOK } from './operators.ts';
import { POINTS } from './points.ts';
import { SETTLEMENT } from './settlement.ts';
import type { Act } from './step.ts';
import { WEBHOOKS } from './webhooks.ts';

export const STEPS: readonly Act[] = [
  ...OPEN,
  ...POINTS,
  ...WEBHOOKS,
  ...DISPUTES,
  ...RECALLS,
  ...REQUESTS,
  ...RULEBOOK,
  ...RESERVES,
  ...CONNECTED,
  ...SETTLEMENT,
  ...BREAKS,
];
