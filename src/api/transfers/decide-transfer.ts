// What the routes of transfers over connected platforms share: how one is named, the reason, and
// the decisions that take one operator.

import { type Static, Type } from 'typebox';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeTransferWithDecisions, type TransferWithDecisions } from '../../views/transfer.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

export const TransferParams = closed({
  transaction_id: Type.String({ pattern: '^txn_[0-9a-f]{32}$' }),
});
export const TransferReason = closed({
  reason: text(200, 'Why; kept for good and shown with the transfer.'),
});

interface Call extends ByOperator {
  readonly params: Static<typeof TransferParams>;
  readonly body: Static<typeof TransferReason>;
}

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
