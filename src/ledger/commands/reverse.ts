// Reverse: undoes a posted transaction, whole or in part, restoring the lots it took from. Pure.
// Row of `commands.ts`. A part is rounded against the side that keeps the rest; all parts together
// give exactly the whole. Next: `undo-within.ts` or `undo-conversion.ts`.

import { formatAmount } from '../../kernel/amount.ts';
import type { TransactionId } from '../../kernel/ids.ts';
import type { Problem } from '../../kernel/problem.ts';
import { finalityProblem, tooMuchToRecall } from '../finality.ts';
import { describeTakings, holdPlansOf, NOTHING_FROZEN, type Frozen } from '../freezes.ts';
import type { GivenBack } from '../give-back.ts';
import { describeLapsed } from '../lapse.ts';
import { allowanceWallets, giveBackAllowances, type AllowanceWallets } from '../limits.ts';
import { post, refusal, type Decision, type Movement } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { pointsOfPart } from '../redeemed-units.ts';
import {
  reversalWallets,
  rounding,
  type ReversalWallets,
  type Undo,
  type Undone,
} from '../reversing.ts';
import { shareOf } from '../share.ts';
import type { Clawback, Details, PostedLeg, ReturnedUnits, TransactionKind } from '../types.ts';
import { isUnspent, undoConversion } from '../undo-conversion.ts';
import { undoCapture, undoEarn, undoMove, undoRedeem } from '../undo-within.ts';
import type { DecidingView } from '../view.ts';
import type { CommandBase, LedgerCommand } from './command.ts';

export interface ReverseCommand extends CommandBase {
  readonly kind: 'reverse';
  readonly transactionId: TransactionId;
  /** Minor units of the original amount; what is left of it when absent. */
  readonly amount?: bigint | undefined;
  readonly reason: string;
  /** Overrides the clawback policy of the platform whose points are taken back. */
  readonly clawback?: Clawback | undefined;
  /**
   * For a redeem: the units that come back when no amount is named, and the vouchers that end with
   * them, as text for the row.
   */
  readonly returned?: ReturnedUnits | undefined;
  /**
   * A dispute was upheld, or the target platform has agreed: of the freezes of the transaction only
   * the dispute's own is touched. Otherwise all of them are taken from first within one platform,
   * and across platforms they forbid it.
   */
  readonly agreed?: true | undefined;
  /**
   * The freeze of the dispute that this settles: it ends in the same commit, and its points are the
   * first to be taken.
   */
  readonly frozenHoldId?: TransactionId | undefined;
}

const undoByKind: Partial<Record<TransactionKind, Undo>> = {
  earn: undoEarn,
  transfer: undoMove,
  conversion: undoConversion,
  redeem: undoRedeem,
  capture: undoCapture,
};

interface ReverseWallets {
  /** Undefined where nothing of the member is there to be reversed. */
  readonly wallets: ReversalWallets | undefined;
  /** The allowances that the transaction drew on. */
  readonly allowances: readonly AllowanceWallets[];
}

type ReverseReadings =
  | 'original'
  | 'allowances'
  | 'reversed'
  | 'floored'
  | 'lapsed'
  | 'freezes'
  | 'lengthened';
type ReverseView = DecidingView<ReverseReadings>;

export const reverse: LedgerCommand<ReverseCommand, ReverseWallets, ReverseReadings> = {
  hostedOnly: () => false,
  states: ({ transactionId, amount, reason, clawback, frozenHoldId }) => [
    transactionId,
    amount?.toString(),
    reason,
    clawback,
    ...(frozenHoldId === undefined ? [] : [frozenHoldId]),
  ],
  reads: ({ transactionId: id }) => ({
    original: id,
    allowances: id,
    reversed: id,
    floored: id,
    lapsed: id,
    freezes: id,
    lengthened: id,
  }),
  wallets: ({ transactionId }, view) => {
    const [first, second] = view.original(transactionId);
    const reversible = first !== undefined && undoByKind[first.kind] !== undefined;
    return {
      wallets: reversible ? reversalWallets(first, second ?? first, view) : undefined,
      allowances: allowanceWallets(transactionId, view),
    };
  },
  decide: (command, { wallets, allowances }, view) => {
    const [first, second] = view.original(command.transactionId);
    const points = view.points(command.platformId);
    if (
      first === undefined ||
      first.assetId !== points.assetId ||
      first.memberId !== command.memberId
    )
      return refusal(ledgerProblems.transaction_not_found());
    const undo = undoByKind[first.kind];
    if (undo === undefined || wallets === undefined)
      return refusal(ledgerProblems.not_reversible(`This transaction is of kind ${first.kind}.`));
    const before = view.reversed(first.transactionId);
    const left = first.amount - before;
    const amount = command.amount ?? amountOfUnits(command, first, before) ?? left;
    if (left === 0n || amount > left) {
      const reversible = formatAmount(left, points.scale);
      return refusal(ledgerProblems.already_reversed(undefined, { reversible }));
    }
    const part = { before, amount, floored: view.floored(first.transactionId) };
    const frozen = freezesFor(command, first, view);
    if ('code' in frozen) return refusal(frozen);
    const alone = first.kind === 'conversion' && command.agreed !== true;
    const final = alone
      ? finalityProblem(first, wallets.target, view.rulebook, view.nowMs)
      : undefined;
    if (final !== undefined) return refusal(final);
    const reversing = {
      first,
      second,
      wallets,
      part,
      policy: alone ? ('refuse' as const) : command.clawback,
      frozen,
      returned: command.returned,
      view,
    };
    if (alone && !isUnspent(reversing)) {
      const fits = (some: bigint): boolean =>
        isUnspent({ ...reversing, part: { before, amount: some } });
      return refusal(tooMuchToRecall(left, fits, points));
    }
    const made = undo(reversing);
    if ('code' in made) return refusal(made);
    if ('type' in made) return made;
    const allowed = giveBackAllowances(allowances, (used) =>
      shareOf(used, first.amount, part, rounding.allowance),
    );
    return postReversal(command, first.transactionId, amount, made, allowed);
  },
};

/** The reversal as the journal is to tell it. */
function postReversal(
  command: ReverseCommand,
  transactionId: TransactionId,
  amount: bigint,
  { legs, given }: Undone,
  allowed: readonly Movement[],
): Decision {
  const details = {
    ...command.details,
    reason: command.reason,
    ...(command.returned === undefined ? {} : { returned_vouchers: command.returned.vouchers }),
  };
  return post({
    legs: legs.map((leg, index) => ({
      ...leg,
      details: { ...details, ...(index === legs.length - 1 ? detailsOf(given) : {}) },
      ...(index === 0 ? { movements: [...leg.movements, ...allowed] } : {}),
    })),
    reversal: { transactionId, amount },
    holds: holdPlansOf(given?.takings ?? []),
  });
}

/**
 * The freezes that the reversal takes from. A dispute that is settled takes from its own freeze; a
 * reversal within one platform takes from all.
 */
function freezesFor(
  command: ReverseCommand,
  first: PostedLeg,
  view: ReverseView,
): Frozen | Problem {
  const freezes = view.freezes(first.transactionId);
  if (command.frozenHoldId !== undefined) {
    const own = freezes.filter(({ holdId }) => holdId === command.frozenHoldId);
    return own.length === 0
      ? ledgerProblems.hold_resolved('This freeze has ended.')
      : { holds: own, end: true };
  }
  if (command.agreed === true || freezes.length === 0) return NOTHING_FROZEN;
  return first.kind === 'conversion'
    ? ledgerProblems.transaction_disputed()
    : { holds: freezes, end: false };
}

/**
 * Details by which the journal tells what happened to the freeze and where the points came from.
 * The row's own relation names the transaction that it reverses.
 */
function detailsOf(given: GivenBack | undefined): Details {
  return given === undefined
    ? {}
    : { ...describeTakings(given.takings), ...describeLapsed(given.lapsed) };
}

/** The amount of so many more units of a redeem. */
function amountOfUnits(
  { returned }: ReverseCommand,
  { kind, amount, credited }: PostedLeg,
  before: bigint,
): bigint | undefined {
  if (returned === undefined || kind !== 'redeem' || credited === null) return undefined;
  return pointsOfPart({ amount, quantity: credited }, before, returned.units);
}
