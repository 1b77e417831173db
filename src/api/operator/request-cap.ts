// POST /operator/reserves/{platform_id}/deposits, /withdrawals and /cap: asks for a change of a
// reserve, for another operator to decide.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { NewRequest, ReserveRequest, Wanted } from '../../clearing/reserve/reserve.ts';
import { parseAmount } from '../../kernel/amount.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Asset } from '../../ledger/ledger.ts';
import { readAmount } from '../amounts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { apiProblems } from '../../http/problems.ts';
import { closed, problemResponses } from '../schemas.ts';
import {
  BankReference,
  describeReserveRequest,
  findReserve,
  MoneyAmount,
  Reason,
  ReserveRequestView,
  ReserveParams,
} from '../../views/reserve.ts';

const PaymentBody = closed({ amount: MoneyAmount, bank_reference: BankReference, reason: Reason });
const CapBody = closed(
  {
    amount: Type.Optional(MoneyAmount),
    percent_of_prefund: Type.Optional(
      Type.Unsafe<number | string>({
        type: ['number', 'string'],
        maxLength: 10,
        examples: [100],
        description:
          'More than 0, at most 1000, at most two decimals. The cap then follows the prefund, ' +
          'rounded down.',
      }),
    ),
    reason: Reason,
  },
  'Exactly one of amount and percent_of_prefund.',
);

const payments = {
  deposits: {
    kind: 'deposit',
    operationId: 'requestDeposit',
    summary: 'Ask for a deposit',
    description:
      'Money that the platform has paid to the network. Once another operator has approved ' +
      'it, it is in the prefund, and then a cap that follows the prefund rises.',
  },
  withdrawals: {
    kind: 'withdrawal',
    operationId: 'requestWithdrawal',
    summary: 'Ask for a withdrawal',
    description:
      'Money to be paid back to the platform. Approved, a cap that follows the prefund is ' +
      'lowered first, which is refused as cap_below_use while too much of it is in use.',
  },
} as const;

export function postReserveRequest(server: FastifyInstance, parts: ApiParts): void {
  const make = async (
    request: FastifyRequest<{ Params: Static<typeof ReserveParams> }>,
    reply: FastifyReply,
    reason: string,
    wanted: Result<Wanted>,
  ) => {
    const figures = await findReserve(request.params.platform_id, parts);
    if (!figures.ok) return answerProblem(request, reply, figures.problem);
    if (!wanted.ok) return answerProblem(request, reply, wanted.problem);
    const asked = {
      platformId: figures.value.platformId,
      operatorId: operatorOf(request).operatorId,
      reason,
    };
    const made = await makeOrNarrow(parts, asked, wanted.value);
    return made.ok
      ? describeReserveRequest(made.value, parts.ledger.settlementAsset())
      : answerProblem(request, reply, made.problem);
  };

  for (const path of ['deposits', 'withdrawals'] as const) {
    const { kind, operationId, summary, description } = payments[path];
    server.post<{ Params: Static<typeof ReserveParams>; Body: Static<typeof PaymentBody> }>(
      `/operator/reserves/:platform_id/${path}`,
      {
        schema: {
          operationId,
          tags: ['operator'],
          summary,
          description,
          params: ReserveParams,
          body: PaymentBody,
          response: { 200: ReserveRequestView, ...problemResponses },
        },
      },
      (request, reply) => {
        const { amount, bank_reference: bankReference, reason } = request.body;
        const minor = readAmount(amount, parts.ledger.settlementAsset());
        return make(
          request,
          reply,
          reason,
          minor.ok ? ok({ kind, amount: minor.value, bankReference }) : minor,
        );
      },
    );
  }

  server.post<{ Params: Static<typeof ReserveParams>; Body: Static<typeof CapBody> }>(
    '/operator/reserves/:platform_id/cap',
    {
      schema: {
        operationId: 'requestCap',
        tags: ['operator'],
        summary: 'Ask for another net debit cap',
        description:
          'Fixed, or a share of the prefund. A lower one is approved and in force when this ' +
          'answers. A higher one, and one of the other kind, is in force once another ' +
          'operator has approved it. Refused as cap_below_use while more is in use.',
        params: ReserveParams,
        body: CapBody,
        response: { 200: ReserveRequestView, ...problemResponses },
      },
    },
    (request, reply) =>
      make(
        request,
        reply,
        request.body.reason,
        capOf(request.body, parts.ledger.settlementAsset()),
      ),
  );
}

/** A lower cap takes one person. */
async function makeOrNarrow(
  { reserve }: ApiParts,
  asked: Omit<NewRequest, 'wanted'>,
  wanted: Wanted,
): Promise<Result<ReserveRequest>> {
  const narrowed =
    wanted.kind === 'cap' ? await reserve.requests.narrowCap({ ...asked, wanted }) : undefined;
  return narrowed ?? reserve.requests.make({ ...asked, wanted });
}

function capOf(
  { amount, percent_of_prefund: percent }: Static<typeof CapBody>,
  currency: Asset,
): Result<Wanted> {
  if ((amount === undefined) === (percent === undefined)) {
    return refuse(
      apiProblems.invalid_field('Give exactly one of amount and percent_of_prefund.', {
        field: amount === undefined ? 'amount' : 'percent_of_prefund',
      }),
    );
  }
  if (percent !== undefined) {
    const basisPoints = parseAmount(percent, 2);
    if (typeof basisPoints === 'string' || basisPoints < 1n || basisPoints > 100_000n) {
      return refuse(
        apiProblems.invalid_field(
          'percent_of_prefund is to be more than 0 and at most 1000, with at most two decimals.',
          { field: 'percent_of_prefund' },
        ),
      );
    }
    return ok({ kind: 'cap', basisPoints: Number(basisPoints) });
  }
  // A cap of nothing is one, too: the platform may send what it has received.
  if (parseAmount(amount ?? 0, currency.scale) === 0n) return ok({ kind: 'cap', amount: 0n });
  const minor = readAmount(amount ?? 0, currency);
  return minor.ok ? ok({ kind: 'cap', amount: minor.value }) : minor;
}
