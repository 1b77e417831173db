// Which platforms take part in conversions: what an operator has set is judged inside the decision,
// on the assets that it rests on. Pure.

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
 * Why no new conversion goes from one platform to the other; what was authorised before goes on,
 * and reversals are not asked.
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
