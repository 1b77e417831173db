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
 * What a row that ended a freeze may have moved so: a lot gives and the next account gets as much.
 * Whether both are lots the wallet knows.
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
