// Shared by the routes that settle a window: the acts that one operator proposes and another one
// approves, and their answers.

import type { Static } from 'typebox';
import type {
  ActKind,
  Participant,
  SettlementAct,
  SettlementWindow,
} from '../../clearing/settlement/settlement.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import {
  type ActView,
  describeAct,
  describeWindowFigures,
  type WindowView,
} from '../../views/window.ts';
import { WindowParams } from './window-request.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of an act on a window. */
export const SettlementActParams = closed({
  ...WindowParams.properties,
  act_id: text(64, 'An act_id from an answer of this API.'),
});

/** The answer of a route about an act. */
export function describeActResult(made: Result<SettlementAct>): Result<Static<typeof ActView>> {
  return made.ok ? ok(describeAct(made.value)) : made;
}

/** Reads the window again and describes it, after an operation on it succeeded. */
export async function describeWindowResult(
  { settlement, ledger }: Pick<ApiParts, 'settlement' | 'ledger'>,
  made: Result<SettlementWindow>,
): Promise<Result<Static<typeof WindowView>>> {
  const found = made.ok ? await settlement.find(made.value.windowId) : made;
  return found.ok ? ok(describeWindowFigures(found.value, ledger)) : found;
}

interface Proposing extends ByOperator {
  readonly params: Static<typeof WindowParams>;
  readonly body: { readonly reason: string };
}

/** Proposes an act on a window; another operator approves it. */
export async function proposeAct(
  { settlement }: ApiParts,
  { operator, params, body }: Proposing,
  kind: ActKind,
  participants: readonly string[],
): Promise<Result<Static<typeof ActView>>> {
  return describeActResult(
    await settlement.proposeAct({
      windowId: params.window_id,
      kind,
      participants: participants as readonly Participant[],
      reason: body.reason,
      operatorId: operator.operatorId,
    }),
  );
}
