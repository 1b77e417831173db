// Where points went that came out of a freeze after their days had been given back: to lots that
// end later. Pure.

import type { PostedLeg } from './types.ts';

/** Points that moved to a lot with a later day when they came out of a freeze. */
export interface Lengthened {
  readonly from: bigint;
  readonly to: bigint;
  readonly amount: bigint;
}

/**
 * The points that a row which ended a freeze may have moved to a later lot: one account gives, and
 * the next one gets as much. The wallet tells whether both are lots.
 */
export function lengthenedBy({ entries }: Pick<PostedLeg, 'entries'>): Lengthened[] {
  const posted = entries.filter(({ layer }) => layer === 'p');
  return posted.flatMap(({ accountId, amount }, index): Lengthened[] => {
    const next = posted[index + 1];
    return next === undefined || amount >= 0n || next.amount !== -amount
      ? []
      : [{ from: accountId, to: next.accountId, amount: next.amount }];
  });
}
