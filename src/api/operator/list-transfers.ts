// /operator/transfers: transfers and reversals over platforms that keep their points themselves,
// and what operators decide about those that cannot go on.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { sagaProblems, type SagaActionName } from '../../clearing/saga/saga.ts';
import { parseId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text } from '../schemas.ts';
import {
  describeTransfer,
  describeTransferWithDecisions,
  TransferView,
  TransferWithDecisions,
} from '../../views/transfer.ts';
import { answerAsked, askedResponse } from '../ask-for-act.ts';

const DEFAULT_LIMIT = 100;

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
        describeTransfer(saga, parts),
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
        response: { 200: TransferWithDecisions, ...problemResponses },
      },
    },
    async (request, reply) => {
      const sagaId = parseId('txn', request.params.transaction_id);
      const saga = sagaId === undefined ? undefined : await sagas.find(sagaId);
      return saga === undefined
        ? answerProblem(request, reply, sagaProblems.saga_not_found())
        : describeTransferWithDecisions(saga, await sagas.listActions(saga), parts);
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
          response: { 200: TransferWithDecisions, ...problemResponses },
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
          ? describeTransferWithDecisions(
              decided.value,
              await sagas.listActions(decided.value),
              parts,
            )
          : answerProblem(request, reply, decided.problem);
      },
    );
  }
}
