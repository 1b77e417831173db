// Across platforms a posted transfer is final. For a short while its source may recall it alone, as
// far as the points are neither spent nor set aside; after that only an agreement of both sides, or
// a dispute, undoes it. Within one platform none of this applies. Pure.

import { formatAmount } from '../kernel/amount.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Rulebook } from '../valuation/valuation.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, PostedLeg } from './types.ts';

const DEFAULT_RECALL_SECONDS = 900;

/** The time after posting in which a source may recall a transfer alone. */
function recallMs({ document }: Pick<Rulebook, 'document'>): number {
  return (document.settings.recall_seconds ?? DEFAULT_RECALL_SECONDS) * 1_000;
}

/**
 * The reason why the source may not recall a conversion alone now, for any amount; undefined when
 * it may.
 */
export function finalityProblem(
  conversion: PostedLeg,
  target: Asset,
  rulebook: Pick<Rulebook, 'document'>,
  nowMs: number,
): Problem | undefined {
  if (target.custody === 'connected')
    return ledgerProblems.transfer_final(
      'The target platform keeps its points itself, so it has to agree.',
    );
  const forMs = recallMs(rulebook);
  if (forMs === 0)
    return ledgerProblems.transfer_final('No platform of this network recalls a transfer alone.');
  if (nowMs < conversion.postedAtMs + forMs) return undefined;
  return ledgerProblems.transfer_final(
    `It could be recalled for ${forMs / 1_000} seconds after it was posted.`,
  );
}

/** The problem that more was asked for than can be recalled alone. It tells how much can. */
export function tooMuchToRecall(
  left: bigint,
  fits: (amount: bigint) => boolean,
  source: Asset,
): Problem {
  let [possible, impossible] = [0n, left + 1n];
  while (impossible - possible > 1n) {
    const middle = (possible + impossible) / 2n;
    if (fits(middle)) possible = middle;
    else impossible = middle;
  }
  const recallable = formatAmount(possible, source.scale);
  return ledgerProblems.recall_exceeds_unspent(
    `At most ${recallable} points of it can be recalled alone.`,
    { recallable },
  );
}
