// The work of the three routes that decide a request about a reserve.

import { type Static, Type } from 'typebox';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeReserveRequest, type ReserveRequestView } from '../../views/reserve.ts';
import { Reason, type RequestParams } from '../reserve/reserve-request.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed } from '../../views/schemas.ts';

/** Body of the three routes. */
export const ReserveDecisionBody = closed({ reason: Type.Optional(Reason) });

interface Call extends ByOperator {
  readonly params: Static<typeof RequestParams>;
  readonly body: Static<typeof ReserveDecisionBody>;
}

/** Returns the work of one of the three routes. */
export function decideReserveRequest(decision: 'approve' | 'reject' | 'withdraw') {
  return ({ reserve, ledger }: ApiParts) =>
    async ({
      operator,
      params,
      body,
    }: Call): Promise<Result<Static<typeof ReserveRequestView>>> => {
      const decided = await reserve.requests[decision]({
        requestId: params.request_id,
        operatorId: operator.operatorId,
        reason: body.reason,
      });
      return decided.ok
        ? ok(describeReserveRequest(decided.value, ledger.settlementAsset()))
        : decided;
    };
}
