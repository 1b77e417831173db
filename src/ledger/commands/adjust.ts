// Adjust: an operator's correction of a member's points, against the platform's adjustment account;
// another platform may pay for it. Pure. Row of `commands.ts`.

import type { PlatformId } from '../../kernel/ids.ts';
import { lastDayOf } from '../../valuation/valuation.ts';
import { availableOf, type Wallet } from '../account.ts';
import { shortOf } from '../convert.ts';
import {
  balanceLimit,
  credit,
  debit,
  insufficient,
  move,
  portionsToSpend,
  post,
  refusal,
  type Decision,
  type Movement,
} from '../plan.ts';
import { NO_READS, systemWallet } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

/** An operator's correction: positive gives points, negative takes available points. */
export interface AdjustCommand extends CommandBase {
  readonly kind: 'adjust';
  /**
   * Zero only with a compensation: when the platform that is paid gives the points in its own
   * books.
   */
  readonly amount: bigint;
  readonly reason: string;
  /**
   * Who pays for it: this much, in minor units of the settlement currency, goes from its position
   * to that of `platformId`.
   */
  readonly compensation?: { readonly paidBy: PlatformId; readonly value: bigint } | undefined;
}

interface AdjustWallets extends MemberWallets {
  readonly compensation: Compensation | undefined;
}

interface Compensation {
  /** In settlement currency, who pays and who is paid. */
  readonly paying: Wallet;
  readonly paid: Wallet;
  readonly value: bigint;
}

/**
 * adjustment −x, member +x; with a negative amount the other way round, from what is available.
 * With a compensation also position(who pays) −v, position(platform) +v.
 */
export const adjust: LedgerCommand<AdjustCommand, AdjustWallets> = {
  // An adjustment without points only pays the platform, which gives them in its own books.
  hostedOnly: ({ amount }) => amount !== 0n,
  states: ({ amount, reason, compensation }) => [
    String(amount),
    reason,
    ...(compensation === undefined ? [] : [compensation.paidBy, String(compensation.value)]),
  ],
  reads: () => NO_READS,
  wallets: ({ memberId, platformId, compensation }, view) => {
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    const money = view.settlement.assetId;
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
      compensation: compensation && {
        paying: systemWallet(view, bucket, view.points(compensation.paidBy), money),
        paid: systemWallet(view, bucket, points, money),
        value: compensation.value,
      },
    };
  },
  decide: (command, { wallet, system, compensation }, view) => {
    const { memberId, amount } = command;
    const details = { ...command.details, reason: command.reason };
    const leg = { kind: 'adjust' as const, memberId, wallet, amount, details };
    const paid = compensate(compensation);
    if ('type' in paid) return paid;
    if (amount >= 0n) {
      const tooMuch = balanceLimit(wallet, amount, view.today);
      if (tooMuch !== undefined) return refusal(tooMuch);
      const expiresOn = lastDayOf(view.rulebook, command.platformId, view.today);
      const given =
        amount === 0n
          ? []
          : [move(system, 'adjustment', -amount), ...credit(wallet, [{ expiresOn, amount }])];
      return post({ legs: [{ ...leg, movements: [...given, ...paid] }] });
    }
    const portions = portionsToSpend(wallet, -amount, view.today);
    if (portions === undefined) {
      const points = view.points(command.platformId);
      return refusal(insufficient(availableOf(wallet, view.today), -amount, points));
    }
    return post({
      legs: [
        { ...leg, movements: [...debit(portions), move(system, 'adjustment', -amount), ...paid] },
      ],
    });
  },
};

function compensate(compensation: Compensation | undefined): readonly Movement[] | Decision {
  if (compensation === undefined || compensation.value === 0n) return [];
  const { paying, paid, value } = compensation;
  const taken = move(paying, 'position', -value);
  return shortOf(taken.account, value) ?? [taken, move(paid, 'position', value)];
}
