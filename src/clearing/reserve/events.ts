// The events of reserves: requests go to operators; effects, modes and thresholds go to the
// platform too.

import { formatAmount } from '../../kernel/amount.ts';
import { formatId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { NewEvent } from '../../events/events.ts';
import { usedPercent, WHOLE } from './cap.ts';
import type { ModeChange, ReserveFigures, ReserveRequest } from './types.ts';

/** Only for operators; the platform is told of the effect. */
export function describeRequest(
  type: string,
  {
    requestId,
    platformId,
    kind,
    madeBy,
    decidedBy,
    reason,
    decisionReason,
    refusedWith,
  }: ReserveRequest,
): NewEvent {
  return {
    type,
    platformId: null,
    data: {
      request_id: requestId,
      platform_id: platformId,
      kind,
      made_by: madeBy,
      decided_by: decidedBy,
      reason: decisionReason ?? reason,
      refused_with: refusedWith,
    },
  };
}

const EFFECTS = {
  deposit: 'reserve.deposited',
  withdrawal: 'reserve.withdrawn',
  cap: 'reserve.cap_changed',
} as const;

export async function describeEffect(
  {
    requestId,
    platformId,
    kind,
    amount,
    basisPoints,
    bankReference,
    transactionId,
  }: ReserveRequest,
  ledger: Ledger,
): Promise<NewEvent> {
  const money = (await ledger.listMoney([platformId])).get(platformId);
  const inCurrency = (minor: bigint): number => formatAmount(minor, ledger.settlementAsset().scale);
  const figures = { prefund: inCurrency(money?.prefund ?? 0n) };
  if (kind === 'cap') {
    const cap = amount ?? money?.cap;
    return {
      type: EFFECTS.cap,
      platformId,
      data: {
        request_id: requestId,
        ...figures,
        cap: cap === undefined ? null : inCurrency(cap),
        percent_of_prefund: basisPoints === null ? null : basisPoints / (WHOLE / 100),
      },
    };
  }
  return {
    type: EFFECTS[kind],
    platformId,
    data: {
      request_id: requestId,
      amount: inCurrency(amount ?? 0n),
      bank_reference: bankReference,
      ...figures,
      transaction_id: transactionId === null ? null : formatId('txn', transactionId),
    },
  };
}

export function describeModeChange({
  platformId,
  modeBefore,
  mode,
  reason,
  changedBy,
}: ModeChange): NewEvent {
  return {
    type: 'reserve.mode_changed',
    platformId,
    data: { platform_id: platformId, mode_before: modeBefore, mode, reason, changed_by: changedBy },
  };
}

export function describeThreshold(
  percent: number,
  { platformId, used, cap, position, prefund }: ReserveFigures,
  ledger: Ledger,
): NewEvent {
  const inCurrency = (minor: bigint): number => formatAmount(minor, ledger.settlementAsset().scale);
  return {
    type: 'reserve.threshold',
    platformId,
    data: {
      platform_id: platformId,
      percent,
      used_percent: usedPercent(used, cap),
      used: inCurrency(used),
      cap: inCurrency(cap ?? 0n),
      position: inCurrency(position),
      prefund: inCurrency(prefund),
    },
  };
}
