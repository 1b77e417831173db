// POST /operator/windows/{window_id}/settle, /withdraw and /approve: one operator says how a window
// is to be paid, another one confirms it.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Participant, SettlementWindow } from '../../clearing/settlement/settlement.ts';
import { describeWindowFigures, WindowParams, WindowView } from '../../views/window.ts';
import type { Result } from '../../kernel/problem.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text } from '../schemas.ts';

const From = Type.Enum(['prefund', 'outside'], {
  description:
    'Out of and into the prefund, or by a payment outside of the network, which needs the ' +
    "bank's reference.",
});
const BankReference = text(
  128,
  "The bank's reference of the payment; kept with the ledger's transaction.",
);
const Body = closed(
  {
    from: Type.Optional(From),
    bank_reference: Type.Optional(BankReference),
    payments: Type.Optional(
      Type.Array(
        closed({
          participant: text(40, 'A platform_id, or `@network`.'),
          basis: Type.Optional(
            text(
              90,
              '`net`, or `source>target` of a pair that is settled gross; all of the ' +
                "participant's when absent.",
            ),
          ),
          from: From,
          bank_reference: Type.Optional(BankReference),
        }),
        { maxItems: 10_000 },
      ),
    ),
  },
  'from and bank_reference hold for everyone for whom payments does not say otherwise; the ' +
    'prefund when absent.',
);

export function postWindowSettle(server: FastifyInstance, { settlement, ledger }: ApiParts): void {
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    made: Result<SettlementWindow>,
  ): Promise<FastifyReply | Static<typeof WindowView>> => {
    const found = made.ok ? await settlement.find(made.value.windowId) : made;
    return found.ok
      ? describeWindowFigures(found.value, ledger)
      : answerProblem(request, reply, found.problem);
  };

  server.post<{ Params: Static<typeof WindowParams>; Body: Static<typeof Body> }>(
    '/operator/windows/:window_id/settle',
    {
      schema: {
        operationId: 'proposeSettlement',
        tags: ['operator'],
        summary: 'Propose how a window is paid',
        description:
          'Fixes the obligations of a closed window, without what is disputed now, for ' +
          'another operator to confirm. Of a window that is being settled: changes the way of ' +
          'the obligations that payments names and that are not paid yet. A window in which ' +
          'nobody owes anything is settled at once.',
        params: WindowParams,
        body: Body,
        response: { 200: WindowView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { from, bank_reference: bankReference, payments = [] } = request.body;
      return answer(
        request,
        reply,
        await settlement.propose({
          windowId: request.params.window_id,
          operatorId: operatorOf(request).operatorId,
          payments: payments.map((payment) => ({
            participant: payment.participant as Participant,
            basis: payment.basis,
            from: payment.from,
            bankReference: payment.bank_reference,
          })),
          ...(from === undefined ? {} : { otherwise: { from, bankReference } }),
        }),
      );
    },
  );

  server.post<{ Params: Static<typeof WindowParams> }>(
    '/operator/windows/:window_id/withdraw',
    {
      schema: {
        operationId: 'withdrawSettlement',
        tags: ['operator'],
        summary: 'Take a proposed payment back',
        description: 'By its maker or any other operator, while it is not approved.',
        params: WindowParams,
        body: closed({}),
        response: { 200: WindowView, ...problemResponses },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        await settlement.withdraw({
          windowId: request.params.window_id,
          operatorId: operatorOf(request).operatorId,
        }),
      ),
  );

  server.post<{ Params: Static<typeof WindowParams> }>(
    '/operator/windows/:window_id/approve',
    {
      schema: {
        operationId: 'approveSettlement',
        tags: ['operator'],
        summary: 'Confirm a proposed payment',
        description:
          'By another operator than the one who proposed it. Payers pay first; what the ' +
          'ledger refuses (a prefund or a cap that does not reach) is told with the ' +
          'obligation and tried again every half minute. The window is settled when all ' +
          'obligations are.',
        params: WindowParams,
        body: closed({}),
        response: { 200: WindowView, ...problemResponses },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        await settlement.approve({
          windowId: request.params.window_id,
          operatorId: operatorOf(request).operatorId,
        }),
      ),
  );
}
