// Shared by the routes of breaks: the id of a break, the reason of an act, and the answer.

import { type Static, Type } from 'typebox';
import type { BreakStory } from '../../clearing/reconciliation/reconciliation.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { type BreakWithActions, describeBreakWithActions } from '../../views/reconciliation.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a break. */
export const BreakParams = closed({ break_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
/** Body of an act on a break. */
export const BreakReason = closed({ reason: text(500, 'The reason; kept with the break.') });

/** The answer of an act on a break: the break with the actions of operators. */
export function describeStory(
  done: Result<BreakStory>,
  { ledger, clock }: Pick<ApiParts, 'ledger' | 'clock'>,
): Result<Static<typeof BreakWithActions>> {
  return done.ok ? ok(describeBreakWithActions(done.value, ledger, clock.now())) : done;
}
