// A recall as platforms and operators see it: the request, its due date and its result. A platform
// sees no user of another platform.

import { type Static, Type } from 'typebox';
import { RECALL_STATES, type Recall, type RecallStep } from '../clearing/recalls/recalls.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';

/** The state of a recall. */
export const RecallStateText = Type.Enum([...RECALL_STATES], {
  description:
    "asked: the target's turn; taking: agreed, and being carried out; taken, refused, " +
    'withdrawn: over; failed: agreed, and could not be carried out.',
});
const Moment = Type.String({ description: 'RFC 3339.' });
const orNull = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()]);

const fields = {
  recall_id: Type.String(),
  transaction_id: Type.String(),
  state: RecallStateText,
  reason: Type.String(),
  source_platform: Type.String({ description: 'The platform that asks.' }),
  target_platform: Type.String({ description: 'The platform that answers.' }),
  amount: Type.Number({
    description: 'The amount that is asked for, in points of source_platform.',
  }),
  credited_amount: Type.Number({
    description: 'The amount that the receiver got for it, in points of target_platform.',
  }),
  asked_at: Moment,
  changed_at: Moment,
  due_at: orNull(
    Type.String({
      description:
        'RFC 3339; an answer counts until just before then, and no answer is a refusal. Null ' +
        'once it is answered.',
    }),
  ),
  resolution_transaction_id: orNull(
    Type.String({ description: 'The transaction that took the points back, once it is posted.' }),
  ),
};
const StepView = Type.Object({
  at: Moment,
  by: Type.String({
    description: 'platform; clock: the due date passed; ledger: the agreed recall was carried out.',
  }),
  platform_id: Type.Optional(Type.String()),
  action: Type.String(),
  state_before: orNull(Type.String()),
  state_after: Type.String(),
  text: orNull(Type.String()),
});

/** A recall as the two platforms see it. */
export const RecallView = Type.Object(fields);
/** A recall with its steps, for platforms. */
export const RecallWithSteps = Type.Object({
  ...fields,
  steps: Type.Array(StepView, { description: 'Who did what, when and why, in order.' }),
});
/** A recall as operators see it, with its members and its problem. */
export const OperatorRecallView = Type.Object({
  ...fields,
  source_member_id: Type.String(),
  target_member_id: Type.String(),
  problem: orNull(
    Type.String({
      description: 'Why the agreed recall could not be carried out yet; it is retried.',
    }),
  ),
});
/** A recall with its steps, for operators. */
export const OperatorRecallWithSteps = Type.Object({
  ...OperatorRecallView.properties,
  steps: RecallWithSteps.properties.steps,
});

/** Shows a recall to a platform. */
export function describeRecall(recall: Recall, ledger: Ledger): Static<typeof RecallView> {
  const { source, target, dueAtMs, state } = recall;
  const points = getPoints(ledger, source.platformId);
  const targetPoints = getPoints(ledger, target.platformId);
  return {
    recall_id: formatId('rcl', recall.recallId),
    transaction_id: formatId('txn', recall.transactionId),
    state,
    reason: recall.reason,
    source_platform: source.platformId,
    target_platform: target.platformId,
    amount: toPoints(recall.amount, points),
    credited_amount: toPoints(recall.credited, targetPoints),
    asked_at: formatMoment(recall.askedAtMs),
    changed_at: formatMoment(recall.changedAtMs),
    due_at: formatMoment(dueAtMs),
    resolution_transaction_id: state === 'taken' ? formatId('txn', recall.resolutionId) : null,
  };
}

/** Shows a recall to an operator. */
export function describeRecallForOperator(
  recall: Recall,
  ledger: Ledger,
): Static<typeof OperatorRecallView> {
  return {
    ...describeRecall(recall, ledger),
    source_member_id: recall.source.memberId,
    target_member_id: recall.target.memberId,
    problem: recall.problem,
  };
}

/** Shows a recall with its steps to a platform. */
export function describeRecallWithSteps(
  recall: Recall,
  steps: readonly RecallStep[],
  ledger: Ledger,
): Static<typeof RecallWithSteps> {
  return { ...describeRecall(recall, ledger), steps: steps.map(describeRecallStep) };
}

/** Shows a recall with its steps to an operator. */
export function describeRecallWithStepsForOperator(
  recall: Recall,
  steps: readonly RecallStep[],
  ledger: Ledger,
): Static<typeof OperatorRecallWithSteps> {
  return { ...describeRecallForOperator(recall, ledger), steps: steps.map(describeRecallStep) };
}

function describeRecallStep({
  takenAtMs,
  who,
  action,
  stateBefore,
  stateAfter,
  text: words,
}: RecallStep): Static<typeof StepView> {
  return {
    at: formatMoment(takenAtMs),
    by: who.actor,
    ...(who.actor === 'platform' ? { platform_id: who.id } : {}),
    action,
    state_before: stateBefore,
    state_after: stateAfter,
    text: words,
  };
}
