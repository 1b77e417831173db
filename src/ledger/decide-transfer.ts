// Transfer: points to another member of the same platform, or converted to points of another platform. Pure.
// Before this: a command from the API. After this: `post-plan.ts` carries the plan out.

import { formatAmountText } from '../kernel/amount.ts';
import { addDays, earlierDay, NEVER, type Day } from '../kernel/time.ts';
import { availableOf, headroom, type Account } from './account.ts';
import { balanceLimit, credit, debit, move, portionsToSpend, post, refusal, splitByWeight, type Decision, type Portion } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, TransferCommand } from './types.ts';
import { systemWallet, type View } from './view.ts';

export function decideTransfer(command: TransferCommand, view: View): Decision {
  return command.targetPlatformId === command.platformId ? decideMove(command, view) : decideConversion(command, view);
}

/** Within one platform: member −x, transit +x; transit −x, other member +x. The points keep their expiry. */
function decideMove(command: TransferCommand, view: View): Decision {
  const { memberId, toMemberId, amount } = command;
  if (memberId === toMemberId) return refusal(ledgerProblems.same_account());
  const points = view.points(command.platformId);
  const [bucket, toBucket] = [view.bucketOf(memberId), view.bucketOf(toMemberId)];
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const toWallet = view.wallet(toBucket, toMemberId, points.assetId);
  const portions = portionsToSpend(wallet, amount, view.today);
  if (portions === undefined) return refusal(insufficient(availableOf(wallet, view.today), amount, points));
  const tooMuch = balanceLimit(toWallet, amount, view.today);
  if (tooMuch !== undefined) return refusal(tooMuch);
  const parts = portions.map((portion) => ({ expiresOn: portion.lot.expiresOn, amount: portion.amount }));
  const details = command.details;
  return post({
    legs: [
      {
        kind: 'transfer', memberId, counterpartyId: toMemberId, wallet, amount, details,
        movements: [...debit(portions), move(systemWallet(view, bucket, points), 'transit', amount)],
      },
      {
        kind: 'transfer', memberId: toMemberId, counterpartyId: memberId, wallet: toWallet, amount, details,
        movements: [move(systemWallet(view, toBucket, points), 'transit', -amount), ...credit(toWallet, parts)],
      },
    ],
  });
}

/**
 * Across platforms, x points of A into y points of B worth v: member@A −x, redeemed@A +x; issued@B −y, member@B +y;
 * position(A) −v, position(B) +v. One row when the member stays the same, two when another member receives.
 */
function decideConversion(command: TransferCommand, view: View): Decision {
  const { memberId, toMemberId, amount } = command;
  const source = view.points(command.platformId);
  const target = view.points(command.targetPlatformId);
  const { credited, fee, value, rate } = view.convert(source, target, amount);
  if (credited <= 0n || value <= 0n) return refusal(ledgerProblems.amount_too_small());

  const bucket = view.bucketOf(memberId);
  const toBucket = memberId === toMemberId ? bucket : view.bucketOf(toMemberId);
  const wallet = view.wallet(bucket, memberId, source.assetId);
  const toWallet = view.wallet(toBucket, toMemberId, target.assetId);
  const portions = portionsToSpend(wallet, amount, view.today);
  if (portions === undefined) return refusal(insufficient(availableOf(wallet, view.today), amount, source));
  const tooMuch = balanceLimit(toWallet, credited, view.today);
  if (tooMuch !== undefined) return refusal(tooMuch);

  const owed = move(systemWallet(view, bucket, source, view.settlement.assetId), 'position', -value);
  const short = shortOf(owed.account, value);
  if (short !== undefined) return short;

  const sourceSystem = systemWallet(view, bucket, source);
  const given = debit(portions);
  given.push(move(sourceSystem, 'redeemed', amount - fee));
  if (fee > 0n) given.push(move(sourceSystem, 'fee', fee));
  given.push(owed, move(systemWallet(view, bucket, target, view.settlement.assetId), 'position', value));
  const received = credit(toWallet, creditedParts(portions, credited, target, view));
  received.push(move(systemWallet(view, toBucket, target), 'issued', -credited));
  const terms = { credited, fee, rate, details: command.details, targetAssetId: target.assetId };
  if (memberId === toMemberId) {
    return post({
      legs: [{ kind: 'conversion', memberId, wallet, targetWallet: toWallet, amount, ...terms, movements: [...given, ...received] }],
    });
  }
  return post({
    legs: [
      { kind: 'conversion', memberId, counterpartyId: toMemberId, wallet, amount, ...terms, movements: given },
      { kind: 'conversion', memberId: toMemberId, counterpartyId: memberId, wallet, targetWallet: toWallet, amount, ...terms, movements: received },
    ],
  });
}

/** The credited points by expiry: never later than what they were made of, nor than the target platform's own lifetime. */
function creditedParts(portions: readonly Portion[], credited: bigint, target: Asset, view: View): { expiresOn: Day; amount: bigint }[] {
  const latest = target.lifetimeDays === null ? NEVER : addDays(view.today, target.lifetimeDays);
  if (portions.length === 1) return [{ expiresOn: earlierDay(portions[0]?.lot.expiresOn ?? NEVER, latest), amount: credited }];
  const amounts = splitByWeight(credited, portions.map((portion) => portion.amount));
  return mergeByDay(portions.map((portion, index) => ({
    expiresOn: earlierDay(portion.lot.expiresOn, latest),
    amount: amounts[index] ?? 0n,
  })));
}

/** One part for each day, empty ones dropped. */
export function mergeByDay(parts: readonly { readonly expiresOn: Day; readonly amount: bigint }[]): { expiresOn: Day; amount: bigint }[] {
  const byDay = new Map<Day, bigint>();
  for (const part of parts) if (part.amount > 0n) byDay.set(part.expiresOn, (byDay.get(part.expiresOn) ?? 0n) + part.amount);
  return [...byDay].map(([expiresOn, amount]) => ({ expiresOn, amount }));
}

/** The decision that a platform's stripe of the position lacks quota for `value`, when it does. */
export function shortOf(position: Account, value: bigint): Decision | undefined {
  if (position.floor === null || headroom(position) >= value) return undefined;
  return { type: 'short', shortage: { account: position, need: value, otherwise: ledgerProblems.insufficient_reserve() } };
}

export function insufficient(available: bigint, amount: bigint, points: Asset): ReturnType<typeof ledgerProblems.insufficient_balance> {
  const [have, want] = [formatAmountText(available, points.scale), formatAmountText(amount, points.scale)];
  return ledgerProblems.insufficient_balance(`${want} were asked for and ${have} are available.`, { available: Number(have) });
}
