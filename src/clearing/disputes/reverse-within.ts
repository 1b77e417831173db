// A platform's reversal of a transfer between its own members: at most what no adjustment has
// settled. A reversal and an adjustment of one transfer wait for each other, because the ledger
// sees an adjustment only as points given to somebody.

import { formatAmount } from '../../kernel/amount.ts';
import { bucketOfTransaction } from '../../kernel/ids.ts';
import { refuse } from '../../kernel/problem.ts';
import { ledgerProblems, type Outcome, type PostedLeg } from '../../ledger/ledger.ts';
import { holdDisputed } from './hold-disputed.ts';
import { isDisputed, sumAdjusting } from './store-claims.ts';
import type { DisputeParts } from './take-step.ts';

/** `submit` posts the reversal of a part of the transfer, or of all that is left. */
export async function reverseWithin(
  { pool, ledger }: Pick<DisputeParts, 'pool' | 'ledger'>,
  transfer: PostedLeg,
  wanted: bigint | undefined,
  submit: () => Promise<Outcome>,
): Promise<Outcome> {
  const { transactionId, amount } = transfer;
  const about = { bucket: bucketOfTransaction(transactionId), transactionId };
  if (!(await isDisputed(pool, about))) return submit();
  return holdDisputed(pool, about, async (client) => {
    const adjusted = await sumAdjusting(client, about);
    if (adjusted === 0n) return submit();
    const left = amount - (await ledger.getReversed(transactionId, client));
    if ((wanted ?? left) <= left - adjusted) return submit();
    const { scale } = ledger.assetById(transfer.assetId) ?? { scale: 0 };
    return refuse(
      ledgerProblems.already_reversed('An adjustment settles the rest.', {
        reversible: formatAmount(left - adjusted, scale),
      }),
    );
  });
}
