// What the routes of breaks share: how one is named, the reason of an act, and its answer.

import { type Static, Type } from 'typebox';
import type { BreakStory } from '../../clearing/reconciliation/reconciliation.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { type BreakWithActions, describeBreakWithActions } from '../../views/reconciliation.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

export const BreakParams = closed({ break_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
export const BreakReason = closed({ reason: text(500, 'Why; kept with the break.') });

export function describeStory(
  done: Result<BreakStory>,
  { ledger, clock }: Pick<ApiParts, 'ledger' | 'clock'>,
): Result<Static<typeof BreakWithActions>> {
  return done.ok ? ok(describeBreakWithActions(done.value, ledger, clock.now())) : done;
}
