// Money of the platforms that comes into the network, leaves it, and pays off what they owe: the
// shared part of deposit, withdraw and settle. Pure. Σ positions + rounding + Σ prefund + external
// = 0: the network's external account mirrors what banks have moved.

import { formatAmountText, MAX_AMOUNT_MINOR } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import { networkOwnerId } from '../kernel/ids.ts';
import { headroom, postedBalance, type Wallet } from './account.ts';
import type { CommandBase } from './commands/command.ts';
import { move, post, refusal, type Decision, type Movement } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { TransactionKind } from './types.ts';
import { systemWallet, type BaseView, type WalletView } from './view.ts';

/** The wallets between which money moves, in settlement currency, in the bucket of the platform. */
export interface MoneyWallets {
  /** Undefined where the network settles with itself. */
  readonly platform: Wallet | undefined;
  readonly network: Wallet;
}

type MoneyCommand = CommandBase & { readonly amount: bigint };

export function moneyWallets(
  { memberId, platformId }: CommandBase,
  view: WalletView,
): MoneyWallets & { readonly platform: Wallet } {
  const points = view.points(platformId);
  assert(memberId === points.ownerId, 'money of a platform is asked for under its own id');
  return {
    platform: systemWallet(view, view.bucketOf(memberId), points, view.settlement.assetId),
    network: networkMoney(memberId, view),
  };
}

/** The network's own wallet: remainders of rounding, and the money that banks have moved. */
export function networkMoney(memberId: CommandBase['memberId'], view: WalletView): Wallet {
  return view.stripe(view.bucketOf(memberId), networkOwnerId(), view.settlement.assetId);
}

/** The row of a movement of money; it counts no member's wallet, so it shows no balance. */
export function postMoney(
  kind: TransactionKind,
  { memberId, amount, details }: MoneyCommand,
  network: Wallet,
  movements: readonly Movement[],
): Decision {
  return post({ legs: [{ kind, memberId, wallet: network, amount, details, movements }] });
}

/** The platform's prefund moved, or why it cannot be. */
export function movePrefund(platform: Wallet, amount: bigint, view: BaseView): Movement | Decision {
  const moved = move(platform, 'prefund', amount);
  const available = headroom(moved.account);
  if (amount < 0n && available < -amount) {
    const [have, want] = [
      formatAmountText(available, view.settlement.scale),
      formatAmountText(-amount, view.settlement.scale),
    ];
    return refusal(
      ledgerProblems.insufficient_prefund(`${want} were asked for and ${have} are prefunded.`),
    );
  }
  if (postedBalance(moved.account) + amount > MAX_AMOUNT_MINOR)
    return refusal(
      ledgerProblems.balance_limit('A platform can prefund at most 10^15 minor units.'),
    );
  return moved;
}
