// Shared by the routes of requests: the id of a request, and the work of rejecting or withdrawing
// it.

import { type Static, Type } from 'typebox';
import { ok, type Result } from '../../kernel/problem.ts';
import { type ActRequestView, describeActRequest } from '../../views/act-request.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a request. */
export const ActRequestParams = closed({ request_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
/** Body of a decision on a request. */
export const DecisionReason = closed({
  reason: Type.Optional(text(500, 'The reason; kept with the request.')),
});

interface Call extends ByOperator {
  readonly params: Static<typeof ActRequestParams>;
  readonly body: Static<typeof DecisionReason>;
}

/** Returns the work of rejecting or withdrawing a request. */
export function decideRequest(decision: 'reject' | 'withdraw') {
  return ({ acts }: ApiParts) =>
    async ({ operator, params, body }: Call): Promise<Result<Static<typeof ActRequestView>>> => {
      const decided = await acts[decision]({
        requestId: params.request_id,
        operatorId: operator.operatorId,
        reason: body.reason,
      });
      return decided.ok ? ok(describeActRequest(decided.value)) : decided;
    };
}
