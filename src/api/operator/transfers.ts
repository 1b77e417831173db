// /operator/transfers: transfers and reversals over platforms that keep their points themselves,
// and what operators decide about those that cannot go on.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { sagaProblems, type Saga, type SagaActionName } from '../../clearing/saga/saga.ts';
import { formatId, parseId, type PlatformId } from '../../kernel/ids.ts';
import { toPoints } from '../amounts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text } from '../schemas.ts';
import { answerAsked, askedResponse } from './requests.ts';

const DEFAULT_LIMIT = 100;

const ActionName = Type.String({ enum: ['retry', 'undo', 'force_completed', 'force_failed'] });
const TransferView = Type.Object({
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
const OneTransfer = Type.Interface([TransferView], {
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
const Query = closed({
  which: Type.Optional(
    Type.String({
      enum: ['attention', 'open'],
      description:
        '`attention` (when absent): those that need an operator; `open`: all that have not ended.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Params = closed({ transaction_id: Type.String({ pattern: '^txn_[0-9a-f]{32}$' }) });
const Body = closed({ reason: text(200, 'Why; kept for good and shown with the transfer.') });

const decisions: Readonly<
  Record<
    SagaActionName,
    { readonly operationId: string; readonly summary: string; readonly description: string }
  >
> = {
  retry: {
    operationId: 'retryTransfer',
    summary: 'Call the platform again now',
    description:
      'After what was wrong has been put right. The platform is asked first what it has done, ' +
      'so nothing happens twice.',
  },
  undo: {
    operationId: 'undoTransfer',
    summary: 'Take a transfer back',
    description:
      'What platforms have done, known or not, is reversed there; then the transfer has ' +
      'failed and everything is as before.',
  },
  force_completed: {
    operationId: 'forceTransferCompleted',
    summary: 'Say that it is done',
    description:
      'No platform is called any more: whoever says so knows that both have done their part, ' +
      'or sees to it. The ledger posts the transfer; of a reversal, that both have undone ' +
      'theirs.',
  },
  force_failed: {
    operationId: 'forceTransferFailed',
    summary: 'Say that it has failed',
    description:
      'No platform is called any more: whoever says so knows that neither keeps anything of ' +
      'it, or sees to it. The ledger gives the points back.',
  },
};

export function transfers(server: FastifyInstance, parts: ApiParts): void {
  const { sagas } = parts;
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/transfers',
    {
      schema: {
        operationId: 'listTransfers',
        tags: ['operator'],
        summary: 'Transfers over connected platforms that need attention, or all under way',
        description: 'Oldest first.',
        querystring: Query,
        response: {
          200: Type.Object({ transfers: Type.Array(TransferView) }),
          ...problemResponses,
        },
      },
    },
    async ({ query: { which = 'attention', limit = DEFAULT_LIMIT } }) => ({
      transfers: (await sagas.list(which === 'open' ? 'open' : 'attention', limit)).map((saga) =>
        describe(saga, parts),
      ),
    }),
  );

  server.get<{ Params: Static<typeof Params> }>(
    '/operator/transfers/:transaction_id',
    {
      schema: {
        operationId: 'getTransfer',
        tags: ['operator'],
        summary: 'One transfer over connected platforms',
        description: 'Also one that has ended.',
        params: Params,
        response: { 200: OneTransfer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const sagaId = parseId('txn', request.params.transaction_id);
      const saga = sagaId === undefined ? undefined : await sagas.find(sagaId);
      return saga === undefined
        ? answerProblem(request, reply, sagaProblems.saga_not_found())
        : describeWithDecisions(saga, parts);
    },
  );

  for (const action of ['force_completed', 'force_failed'] as const) {
    server.post<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
      `/operator/transfers/:transaction_id/${action}`,
      {
        schema: {
          ...decisions[action],
          tags: ['operator'],
          params: Params,
          body: Body,
          response: { ...askedResponse, ...problemResponses },
        },
      },
      (request, reply) =>
        answerAsked(request, reply, parts, {
          act: `transfer_${action}`,
          arguments: { transaction_id: request.params.transaction_id },
          reason: request.body.reason,
        }),
    );
  }

  for (const action of ['retry', 'undo'] as const) {
    server.post<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
      `/operator/transfers/:transaction_id/${action}`,
      {
        schema: {
          ...decisions[action],
          tags: ['operator'],
          params: Params,
          body: Body,
          response: { 200: OneTransfer, ...problemResponses },
        },
      },
      async (request, reply) => {
        const decided = await sagas.decide(
          request.params.transaction_id,
          action,
          operatorOf(request).operatorId,
          request.body.reason,
        );
        return decided.ok
          ? describeWithDecisions(decided.value, parts)
          : answerProblem(request, reply, decided.problem);
      },
    );
  }
}

async function describeWithDecisions(
  saga: Saga,
  parts: ApiParts,
): Promise<Static<typeof OneTransfer>> {
  const made = await parts.sagas.listActions(saga);
  return {
    ...describe(saga, parts),
    decisions: made.map(({ action, operatorId, actedAtMs, reason, state }) => ({
      action,
      operator_id: operatorId,
      decided_at: timeOf(actedAtMs),
      reason,
      state,
    })),
  };
}

function describe(saga: Saga, { sagas, ledger }: ApiParts): Static<typeof TransferView> {
  const step = sagas.stepOf(saga);
  const pointsIn = (platformId: PlatformId, minor: bigint): number =>
    toPoints(minor, ledger.pointsOf(platformId) ?? ledger.settlementAsset());
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
      step === undefined || saga.nextAttemptAtMs === Infinity ? null : timeOf(saga.nextAttemptAtMs),
    deadline_at: timeOf(saga.deadlineAtMs),
    attention: saga.attention,
    last_error: saga.lastError,
    refusal: saga.refusal,
    ordered: saga.ordered,
    actions: [...sagas.actionsOf(saga)],
    created_at: timeOf(saga.createdAtMs),
    changed_at: timeOf(saga.changedAtMs),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
