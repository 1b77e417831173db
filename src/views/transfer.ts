// A transfer over connected platforms as operators see it: where it is, what it waits for, and what
// was decided about it.

import { type Static, Type } from 'typebox';
import type { Saga, SagaAction, Sagas } from '../clearing/saga/saga.ts';
import { formatId, type PlatformId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';

const ActionName = Type.String({ enum: ['retry', 'undo', 'force_completed', 'force_failed'] });
export const TransferView = Type.Object({
  transaction_id: Type.String({ description: 'Of a reversal its own.' }),
  platform_transaction_id: Type.String({
    description: 'What the platforms know it by: of a reversal that of the transfer.',
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
  attempts: Type.Integer({ description: 'Calls of this step that came to nothing.' }),
  next_attempt_at: Type.Union([Type.String(), Type.Null()], {
    description: 'RFC 3339; null when nothing is tried until an operator acts, or it has ended.',
  }),
  deadline_at: Type.String({ description: 'RFC 3339; past it, it needs attention.' }),
  attention: Type.Union([Type.String(), Type.Null()], {
    description: 'Why an operator has to look at it.',
  }),
  last_error: Type.Union([Type.String(), Type.Null()], {
    description: 'What the last call came to.',
  }),
  refusal: Type.Union([Type.String(), Type.Null()], { description: 'Why it goes back.' }),
  ordered: Type.Union([ActionName, Type.Null()], {
    description: 'What an operator has decided and no worker has carried out yet.',
  }),
  actions: Type.Array(ActionName, { description: 'What can be decided now.' }),
  created_at: Type.String({ description: 'RFC 3339.' }),
  changed_at: Type.String({ description: 'RFC 3339.' }),
});
export const TransferWithDecisions = Type.Interface([TransferView], {
  decisions: Type.Array(
    Type.Object({
      action: ActionName,
      operator_id: Type.String(),
      decided_at: Type.String(),
      reason: Type.String(),
      state: Type.String({ description: 'Its state at that moment.' }),
    }),
    { description: 'What operators have decided so far, oldest first.' },
  ),
});
interface Parts {
  readonly sagas: Pick<Sagas, 'stepOf' | 'actionsOf'>;
  readonly ledger: Pick<Ledger, 'pointsOf'>;
}

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
