// Hold, capture, release: spending in two phases. A hold moves pending sums only, and is resolved
// exactly once. Pure.

import { smaller } from '../../kernel/amount.ts';
import type { TransactionId } from '../../kernel/ids.ts';
import { DAY_MS } from '../../kernel/time.ts';
import { evaluateOperation } from '../../valuation/valuation.ts';
import { availableOf } from '../account.ts';
import { decideUndo } from '../authorisation.ts';
import { drawAllowances, factsOf, giveBackAllowances, isDrawn } from '../limits.ts';
import { insufficient } from './transfer.ts';
import { FREEZE_ENDS_MS, isFreeze, leftOf, lengthen } from '../freezes.ts';
import {
  debit,
  firstOf,
  move,
  portionsOfHold,
  portionsToSpend,
  portionsUpTo,
  post,
  refusal,
  repayOutOf,
  restOf,
  setAside,
  type Decision,
} from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { CaptureCommand, HoldCommand, ReleaseCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

const LONGEST_HOLD_MS = 30 * DAY_MS;
const SHORTEST_HOLD_MS = 1_000;
/** Pending: member −x, redeemed +x. */
export function decideHold(command: HoldCommand, view: View): Decision {
  const { memberId, amount } = command;
  const points = view.points(command.platformId);
  if (command.freeze !== undefined) return decideFreeze(command, command.freeze, view);
  if (command.expiresInMs < SHORTEST_HOLD_MS || command.expiresInMs > LONGEST_HOLD_MS) {
    return refusal(
      ledgerProblems.invalid_expiry('A hold lasts between 1 second and 30 days.', {
        field: 'expires_in',
      }),
    );
  }
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const portions = portionsToSpend(wallet, amount, view.today);
  if (portions === undefined)
    return refusal(insufficient(availableOf(wallet, view.today), amount, points));
  const verdict = evaluateOperation(
    view.rulebook,
    factsOf(command, 'hold', amount, view),
    view.scales,
  );
  if (verdict.type === 'refuse') return refusal(verdict.problem);
  const drawn = drawAllowances(verdict.limits, bucket, view);
  if (!isDrawn(drawn)) return drawn;
  return post({
    rulebookVersion: view.rulebook.version,
    legs: [
      {
        kind: 'hold',
        memberId,
        wallet,
        amount,
        details: command.details,
        movements: [
          ...setAside(portions, systemWallet(view, bucket, points), amount, 1n),
          ...drawn,
        ],
      },
    ],
    holds: [
      {
        change: 'create',
        wallet,
        memberId,
        amount,
        portions,
        expiresAtMs: view.nowMs + command.expiresInMs,
      },
    ],
  });
}

/** As a hold, of what is there; neither a rule nor a limit has a say in what is disputed. */
function decideFreeze(
  { memberId, platformId, amount, details }: HoldCommand,
  transactionId: TransactionId,
  view: View,
): Decision {
  const points = view.points(platformId);
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const frozen = smaller(amount, availableOf(wallet, view.today));
  if (frozen === 0n) return refusal(insufficient(0n, amount, points));
  const portions = portionsUpTo(wallet, frozen, view.today);
  return post({
    legs: [
      {
        kind: 'hold',
        memberId,
        wallet,
        amount: frozen,
        details,
        movements: setAside(portions, systemWallet(view, bucket, points), frozen, 1n),
      },
    ],
    holds: [
      {
        change: 'create',
        wallet,
        memberId,
        amount: frozen,
        portions,
        expiresAtMs: FREEZE_ENDS_MS,
        frozen: { for: transactionId, atMs: view.nowMs },
      },
    ],
  });
}

/**
 * Undoes the pending movements, then posts member −x, redeemed +x for what is captured; the rest is
 * available again.
 */
export function decideCapture(command: CaptureCommand, view: View): Decision {
  const hold = view.hold(command.holdId);
  const points = view.points(command.platformId);
  if (
    hold === undefined ||
    hold.assetId !== points.assetId ||
    hold.memberId !== command.memberId ||
    isFreeze(hold)
  )
    return refusal(ledgerProblems.hold_not_found());
  if (hold.state === 'expired') return refusal(ledgerProblems.hold_expired());
  if (hold.state !== 'held')
    return refusal(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
  if (hold.expiresAtMs <= view.nowMs) return refusal(ledgerProblems.hold_expired());
  const amount = command.amount ?? hold.amount;
  if (amount > hold.amount) return refusal(ledgerProblems.capture_exceeds_hold());
  const bucket = view.bucketOf(hold.memberId);
  const wallet = view.wallet(bucket, hold.memberId, hold.assetId);
  const system = systemWallet(view, bucket, points);
  const portions = portionsOfHold(hold, wallet);
  return post({
    legs: [
      {
        kind: 'capture',
        memberId: hold.memberId,
        wallet,
        amount,
        relatedId: hold.holdId,
        details: command.details,
        movements: [
          ...setAside(portions, system, hold.amount, -1n),
          ...repayOutOf(restOf(portions, amount), wallet).movements,
          // Last, so that a reversal finds them first.
          ...debit(firstOf(portions, amount)),
          move(system, 'redeemed', amount),
          ...giveBackAllowances(
            hold.holdId,
            (used) => (used * (hold.amount - amount)) / hold.amount,
            view,
          ),
        ],
      },
    ],
    holds: [{ change: 'resolve', hold, state: 'captured', captured: amount }],
  });
}

/** Undoes the pending movements. */
export function decideRelease(command: ReleaseCommand, view: View): Decision {
  const hold = view.hold(command.holdId);
  const points = view.points(command.platformId);
  if (hold === undefined || hold.assetId !== points.assetId || hold.memberId !== command.memberId)
    return refusal(ledgerProblems.hold_not_found());
  if (isFreeze(hold) !== (command.cause === 'dispute'))
    return refusal(ledgerProblems.hold_not_found());
  if (hold.state !== 'held')
    return refusal(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
  const [authorisation] = view.original(command.holdId);
  // What platforms may have acted upon is not the caller's to release.
  if ((authorisation?.kind === 'authorise') !== (command.cause === 'undone'))
    return refusal(ledgerProblems.hold_not_found());
  if (authorisation?.kind === 'authorise') return decideUndo(command, authorisation, hold, view);
  const overdue = hold.expiresAtMs <= view.nowMs;
  if (command.cause === 'timer' && !overdue)
    return refusal(ledgerProblems.invalid_expiry('The time of this hold is not over.'));
  const bucket = view.bucketOf(hold.memberId);
  // Of a transfer that a rule has set aside, where the platform keeps its points itself.
  const system = systemWallet(view, bucket, points);
  const wallet =
    points.custody === 'connected' ? system : view.wallet(bucket, hold.memberId, hold.assetId);
  const portions = portionsOfHold(hold, wallet);
  const amount = leftOf(hold);
  const repaid = repayOutOf(portions, wallet);
  return post({
    legs: [
      {
        kind: 'release',
        memberId: hold.memberId,
        wallet,
        amount,
        relatedId: hold.holdId,
        details: command.details,
        movements: [
          ...setAside(portions, system, amount, -1n),
          ...repaid.movements,
          ...(isFreeze(hold) ? lengthen(hold, repaid.rest, wallet, view) : []),
          ...giveBackAllowances(hold.holdId, (used) => used, view),
        ],
      },
    ],
    holds: [
      { change: 'resolve', hold, state: overdue ? 'expired' : 'released', captured: hold.captured },
    ],
  });
}
