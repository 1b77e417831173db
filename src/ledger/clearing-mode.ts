// Whether platforms take part in conversions. The mode that an operator has set is checked inside
// the decision, on the same assets that it uses. Pure.

import type { Problem } from '../kernel/problem.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, ClearingMode } from './types.ts';

const SENDING: readonly ClearingMode[] = ['both', 'send_only'];
const RECEIVING: readonly ClearingMode[] = ['both', 'receive_only'];

/** True where a platform may do nothing that it may not do before. */
export function isNarrower(mode: ClearingMode, before: ClearingMode): boolean {
  return [SENDING, RECEIVING].every((part) => !part.includes(mode) || part.includes(before));
}

/**
 * The reason why a new conversion from one platform to the other is refused, or undefined.
 * Transfers that were authorised before go on, and reversals are not checked.
 */
export function closedBetween(source: Asset, target: Asset): Problem | undefined {
  if (!SENDING.includes(source.mode ?? 'both'))
    return ledgerProblems.platform_not_sending(`${source.code} is ${source.mode}.`, {
      platform_id: source.code,
    });
  if (!RECEIVING.includes(target.mode ?? 'both'))
    return ledgerProblems.platform_not_receiving(`${target.code} is ${target.mode}.`, {
      platform_id: target.code,
    });
  return undefined;
}
