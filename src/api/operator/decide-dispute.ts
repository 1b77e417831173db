// /operator/disputes: all disputes of the network, and the operator's part in them: opening one,
// evidence, and the decision.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { parseId, type PlatformId } from '../../kernel/ids.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { readOptionalAmount } from '../amounts.ts';
import {
  describeEvidence,
  describeForOperator,
  DisputeParams,
  EvidenceParams,
  EvidenceView,
  OperatorDisputeView,
  OperatorDisputeWithTrail,
  ReasonCodeText,
  SideText,
  StateText,
  Words,
} from '../../views/dispute.ts';
import {
  EvidenceBody,
  evidenceResponse,
  readEvidence,
  sendEvidence,
} from '../disputes/evidence-file.ts';
import { sourcePointsOf } from '../disputes/source-points.ts';
import { readTrail } from '../disputes/trail.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import {
  Amount,
  closed,
  IdempotencyKey,
  PlatformIdText,
  problemResponses,
  TransactionIdText,
} from '../schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(StateText),
  platform_id: Type.Optional(PlatformIdText),
  transaction_id: Type.Optional(TransactionIdText),
  overdue: Type.Optional(Type.Boolean({ description: 'Only those whose due date has passed.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ disputes: Type.Array(OperatorDisputeView) });
const Opening = closed(
  {
    idempotency_key: IdempotencyKey,
    transaction_id: TransactionIdText,
    side: SideText,
    reason_code: ReasonCodeText,
    description: Words,
    amount: Type.Optional(Amount),
  },
  'side is the one that claims. Whoever opens a dispute may not decide it.',
);
const Decision = closed(
  {
    outcome: Type.Enum(['upheld', 'rejected']),
    reason: Words,
    resolution: Type.Optional(
      Type.Enum(['reversal', 'adjustment'], {
        description: 'Of an upheld claim; reversal when absent.',
      }),
    ),
    amount: Type.Optional(Amount),
    borne_by: Type.Optional(SideText),
  },
  'amount is in points of the source platform, the disputed amount when absent. An adjustment ' +
    'is paid by the platform that bears it, the target when absent.',
);

const tags = ['operator'];
type Id = { Params: Static<typeof DisputeParams> };

export function operatorDisputes(server: FastifyInstance, parts: ApiParts): void {
  const { disputes, ledger, clock } = parts;

  async function list({
    state,
    platform_id: platformId,
    transaction_id: transactionId,
    overdue,
    limit = DEFAULT_LIMIT,
  }: Static<typeof Query>): Promise<Static<typeof Answer>> {
    const found = await disputes.list({
      state,
      platformId: platformId as PlatformId | undefined,
      transactionId: transactionId === undefined ? undefined : parseId('txn', transactionId),
      dueBeforeMs: overdue === true ? clock.now() : undefined,
      limit,
    });
    return { disputes: found.map((dispute) => describeForOperator(dispute, ledger, disputes)) };
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/disputes',
    {
      schema: {
        operationId: 'listAllDisputes',
        tags,
        summary: 'Disputes of the network',
        description: 'Newest first.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request) => list(request.query),
  );

  server.post<{ Body: Static<typeof Opening> }>(
    '/operator/disputes',
    {
      schema: {
        operationId: 'openDisputeAsOperator',
        tags,
        summary: 'Open a dispute for one side',
        description: 'The same key and body give the same dispute again. Another operator decides.',
        body: Opening,
        response: { 200: OperatorDisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { idempotency_key: key, side, reason_code: reasonCode, description } = request.body;
      const transactionId =
        parseId('txn', request.body.transaction_id) ?? parseId('rdm', request.body.transaction_id);
      const points =
        transactionId === undefined ? undefined : await sourcePointsOf(ledger, transactionId);
      if (transactionId === undefined || points === undefined)
        return answerProblem(
          request,
          reply,
          ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }),
        );
      const amount = readOptionalAmount(request.body.amount, points);
      if (!amount.ok) return answerProblem(request, reply, amount.problem);
      const { operatorId } = operatorOf(request);
      const opened = await disputes.open({
        transactionId,
        openedBy: 'operator',
        platformId: undefined,
        operatorId,
        side,
        reasonCode,
        description,
        amount: amount.value,
        key,
      });
      return opened.ok
        ? describeForOperator(opened.value.dispute, ledger, disputes)
        : answerProblem(request, reply, opened.problem);
    },
  );

  server.get<Id>(
    '/operator/disputes/:dispute_id',
    {
      schema: {
        operationId: 'getAnyDispute',
        tags,
        summary: 'One dispute',
        description: 'With its trail and its evidence.',
        params: DisputeParams,
        response: { 200: OperatorDisputeWithTrail, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await disputes.find(request.params.dispute_id);
      return found.ok
        ? {
            ...describeForOperator(found.value, ledger, disputes),
            ...(await readTrail(parts, found.value, 'operator')),
          }
        : answerProblem(request, reply, found.problem);
    },
  );

  server.post<Id & { Body: Static<typeof Decision> }>(
    '/operator/disputes/:dispute_id/decide',
    {
      schema: {
        operationId: 'decideDispute',
        tags,
        summary: 'Decide a dispute',
        description:
          'Once both sides were heard. An upheld claim that cannot be carried out as decided ' +
          'may be decided anew with another resolution.',
        params: DisputeParams,
        body: Decision,
        response: { 200: OperatorDisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { outcome, reason, resolution: kind, borne_by: borneBy } = request.body;
      const found = await disputes.find(request.params.dispute_id);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      const points = await sourcePointsOf(ledger, found.value.transactionId);
      const amount =
        points === undefined ? undefined : readOptionalAmount(request.body.amount, points);
      if (amount !== undefined && !amount.ok) return answerProblem(request, reply, amount.problem);
      const decided = await disputes.decide(request.params.dispute_id, {
        operatorId: operatorOf(request).operatorId,
        outcome,
        reason,
        kind,
        amount: amount?.value,
        borneBy,
      });
      return decided.ok
        ? describeForOperator(decided.value, ledger, disputes)
        : answerProblem(request, reply, decided.problem);
    },
  );

  server.post<Id & { Body: Static<typeof EvidenceBody> }>(
    '/operator/disputes/:dispute_id/evidence',
    {
      schema: {
        operationId: 'addEvidenceAsOperator',
        tags,
        summary: 'Add evidence',
        description: 'What the network itself knows; both sides can read it.',
        params: DisputeParams,
        body: EvidenceBody,
        response: { 200: EvidenceView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const file = readEvidence(request.body);
      if (!file.ok) return answerProblem(request, reply, file.problem);
      const added = await disputes.addEvidence(
        request.params.dispute_id,
        { actor: 'operator', id: operatorOf(request).operatorId },
        file.value,
      );
      return added.ok
        ? describeEvidence(added.value)
        : answerProblem(request, reply, added.problem);
    },
  );

  server.get<{ Params: Static<typeof EvidenceParams> }>(
    '/operator/disputes/:dispute_id/evidence/:evidence',
    {
      schema: {
        operationId: 'getAnyEvidence',
        tags,
        summary: 'One piece of evidence',
        description: 'As it was given, as an attachment.',
        params: EvidenceParams,
        response: { 200: evidenceResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await disputes.find(request.params.dispute_id);
      const content = found.ok
        ? await disputes.getContent(found.value, request.params.evidence)
        : found;
      return content.ok
        ? sendEvidence(reply, content.value)
        : answerProblem(request, reply, content.problem);
    },
  );
}
