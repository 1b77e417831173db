// What the routes of requests share: how one is named, and its end without the act.

import { type Static, Type } from 'typebox';
import { ok, type Result } from '../../kernel/problem.ts';
import { type ActRequestView, describeActRequest } from '../../views/act-request.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

export const ActRequestParams = closed({ request_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
export const DecisionReason = closed({
  reason: Type.Optional(text(500, 'Why; kept with the request.')),
});

interface Call extends ByOperator {
  readonly params: Static<typeof ActRequestParams>;
  readonly body: Static<typeof DecisionReason>;
}

/** The work of rejecting or withdrawing a request. */
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
