// A transfer over connected platforms as operators see it: its state, its next call, and the
// decisions about it.

import { type Static, Type } from 'typebox';
import type { Saga, SagaAction, Sagas } from '../clearing/saga/saga.ts';
import { formatId, type PlatformId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';

const ActionName = Type.String({ enum: ['retry', 'undo', 'force_completed', 'force_failed'] });
/** A transfer over connected platforms. */
export const TransferView = Type.Object({
  transaction_id: Type.String({ description: 'A reversal has its own.' }),
  platform_transaction_id: Type.String({
    description: 'The id that the platforms know; for a reversal, that of the transfer.',
  }),
  purpose: Type.String({ enum: ['transfer', 'reversal', 'recall'] }),
  state: Type.String({
    enum: [
      'looking_up_source',
      'looking_up_target',
      'deducting',
      'adding',
      'undoing_add',
      'undoing_deduct',
      'completed',
      'failed',
    ],
  }),
  step: Type.Union(
    [
      Type.Object({
        call: Type.String({ enum: ['look_up', 'deduct', 'add', 'reverse'] }),
        platform_id: Type.String(),
      }),
      Type.Null(),
    ],
    { description: 'The call that it makes or waits to make; null once it has ended.' },
  ),
  source_platform: Type.String(),
  target_platform: Type.String(),
  from_member_id: Type.String(),
  to_member_id: Type.String(),
  amount: Type.Number({ description: 'In points of source_platform.' }),
  credited_amount: Type.Number({ description: 'In points of target_platform.' }),
  attempts: Type.Integer({ description: 'Calls of this step that brought no clear answer.' }),
  next_attempt_at: Type.Union([Type.String(), Type.Null()], {
    description: 'RFC 3339; null if it waits for an operator, or has ended.',
  }),
  deadline_at: Type.String({ description: 'RFC 3339; after it, the transfer needs attention.' }),
  attention: Type.Union([Type.String(), Type.Null()], {
    description: 'Why an operator has to look at it.',
  }),
  last_error: Type.Union([Type.String(), Type.Null()], {
    description: 'The failure of the last call.',
  }),
  refusal: Type.Union([Type.String(), Type.Null()], { description: 'Why it is undone.' }),
  ordered: Type.Union([ActionName, Type.Null()], {
    description: "An operator's decision that no worker has carried out yet.",
  }),
  actions: Type.Array(ActionName, { description: 'The decisions that are possible now.' }),
  created_at: Type.String({ description: 'RFC 3339.' }),
  changed_at: Type.String({ description: 'RFC 3339.' }),
});
/** A transfer with operators' decisions about it. */
export const TransferWithDecisions = Type.Interface([TransferView], {
  decisions: Type.Array(
    Type.Object({
      action: ActionName,
      operator_id: Type.String(),
      decided_at: Type.String(),
      reason: Type.String(),
      state: Type.String({ description: 'Its state at that moment.' }),
    }),
    { description: 'Decisions of operators, oldest first.' },
  ),
});
interface Parts {
  readonly sagas: Pick<Sagas, 'stepOf' | 'actionsOf'>;
  readonly ledger: Pick<Ledger, 'pointsOf'>;
}

/** Shows a transfer. */
export function describeTransfer(
  saga: Saga,
  { sagas, ledger }: Parts,
): Static<typeof TransferView> {
  const step = sagas.stepOf(saga);
  const pointsIn = (platformId: PlatformId, minor: bigint): number =>
    toPoints(minor, getPoints(ledger, platformId));
  return {
    transaction_id: formatId('txn', saga.sagaId),
    platform_transaction_id: formatId('txn', saga.transactionId),
    purpose: saga.purpose,
    state: saga.state,
    step: step === undefined ? null : { call: step.call, platform_id: step.platformId },
    source_platform: saga.source,
    target_platform: saga.target,
    from_member_id: saga.sourceMember,
    to_member_id: saga.targetMember,
    amount: pointsIn(saga.source, saga.amount),
    credited_amount: pointsIn(saga.target, saga.credited),
    attempts: saga.attempts,
    next_attempt_at:
      step === undefined || saga.nextAttemptAtMs === Infinity
        ? null
        : formatMoment(saga.nextAttemptAtMs),
    deadline_at: formatMoment(saga.deadlineAtMs),
    attention: saga.attention,
    last_error: saga.lastError,
    refusal: saga.refusal,
    ordered: saga.ordered,
    actions: [...sagas.actionsOf(saga)],
    created_at: formatMoment(saga.createdAtMs),
    changed_at: formatMoment(saga.changedAtMs),
  };
}

/** Shows a transfer with operators' decisions about it. */
export function describeTransferWithDecisions(
  saga: Saga,
  made: readonly SagaAction[],
  parts: Parts,
): Static<typeof TransferWithDecisions> {
  return {
    ...describeTransfer(saga, parts),
    decisions: made.map(({ action, operatorId, actedAtMs, reason, state }) => ({
      action,
      operator_id: operatorId,
      decided_at: formatMoment(actedAtMs),
      reason,
      state,
    })),
  };
}
