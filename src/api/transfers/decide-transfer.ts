// Shared by the routes of transfers over connected platforms: the id of a transfer, the reason, and
// the decisions that take one operator.

import { type Static, Type } from 'typebox';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeTransferWithDecisions, type TransferWithDecisions } from '../../views/transfer.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a transfer. */
export const TransferParams = closed({
  transaction_id: Type.String({ pattern: '^txn_[0-9a-f]{32}$' }),
});
/** Body of a decision on a transfer. */
export const TransferReason = closed({
  reason: text(200, 'The reason; kept permanently and shown with the transfer.'),
});

interface Call extends ByOperator {
  readonly params: Static<typeof TransferParams>;
  readonly body: Static<typeof TransferReason>;
}

/** Returns the work of retrying or undoing a transfer. */
export function decideTransfer(action: 'retry' | 'undo') {
  return (parts: ApiParts) =>
    async ({
      operator,
      params,
      body,
    }: Call): Promise<Result<Static<typeof TransferWithDecisions>>> => {
      const { sagas } = parts;
      const decided = await sagas.decide(
        params.transaction_id,
        action,
        operator.operatorId,
        body.reason,
      );
      return decided.ok
        ? ok(
            describeTransferWithDecisions(
              decided.value,
              await sagas.listActions(decided.value),
              parts,
            ),
          )
        : decided;
    };
}
