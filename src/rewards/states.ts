// The states of a redemption as a table: from which states each change leads where, and its event.

/**
 * `cancelling`: a reversal is under way in the ledger, and nothing else may happen to the
 * redemption.
 */
export type RedemptionState = 'issued' | 'fulfilled' | 'cancelling' | 'cancelled' | 'expired';

export const REDEMPTION_STATES: readonly RedemptionState[] = [
  'issued',
  'fulfilled',
  'cancelling',
  'cancelled',
  'expired',
];

interface Transition {
  readonly from: readonly RedemptionState[];
  readonly to: RedemptionState;
  /** Undefined for a change that nobody needs to know. */
  readonly event: string | undefined;
}

export const transitions = {
  /** The reward was handed over: the last usable units, or some of them. */
  fulfil: { from: ['issued'], to: 'fulfilled', event: 'redemption.fulfilled' },
  fulfilPart: { from: ['issued'], to: 'issued', event: 'redemption.fulfilled' },
  /** Its time is over. */
  expire: { from: ['issued'], to: 'expired', event: 'redemption.expired' },
  /** A reversal, in whole or in part, is about to be posted. */
  begin: { from: ['issued', 'expired'], to: 'cancelling', event: undefined },
  /** The process that began it has not finished it: another takes over. */
  takeOver: { from: ['cancelling'], to: 'cancelling', event: undefined },
  /** The reversal was of a part, or was refused. */
  reopen: { from: ['cancelling'], to: 'issued', event: undefined },
  reopenExpired: { from: ['cancelling'], to: 'expired', event: undefined },
  /** The reversal has given back everything that was not handed over. */
  endFulfilled: { from: ['cancelling', 'issued', 'expired'], to: 'fulfilled', event: undefined },
  /** The ledger has given back all of it. */
  cancel: {
    from: ['cancelling', 'issued', 'expired'],
    to: 'cancelled',
    event: 'redemption.cancelled',
  },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof transitions;

/** The rest of a voucher. */
interface Left {
  readonly usable: bigint;
  readonly fulfilled: bigint;
}

/** The state after a reversal in part: it can be used while a unit of it can. */
export function transitionAfterReturn(
  { vouchers }: { readonly vouchers: readonly Left[] },
  from: RedemptionState,
): TransitionName {
  if (vouchers.some(({ usable }) => usable > 0n))
    return from === 'expired' ? 'reopenExpired' : 'reopen';
  return vouchers.some(({ fulfilled }) => fulfilled > 0n) ? 'endFulfilled' : 'cancel';
}
