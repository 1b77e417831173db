// Deposit, withdraw and settle: money of the platforms that comes into the network, leaves it, and
// pays off what they owe. Pure. Σ positions + rounding + Σ prefund + external = 0: the network's
// external account mirrors what banks have moved.

import { formatAmountText, MAX_AMOUNT_MINOR } from '../../kernel/amount.ts';
import { assert } from '../../kernel/assert.ts';
import { networkOwnerId } from '../../kernel/ids.ts';
import { headroom, postedBalance } from '../account.ts';
import { shortOf } from '../convert.ts';
import { move, post, refusal, type Decision, type Movement } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type {
  Command,
  DepositCommand,
  SettleCommand,
  TransactionKind,
  WithdrawCommand,
} from '../types.ts';
import { systemWallet, type View } from '../view.ts';

type MoneyCommand = DepositCommand | WithdrawCommand | SettleCommand;

/** external −x, prefund +x. */
export function decideDeposit(command: DepositCommand, view: View): Decision {
  const prefund = prefundMove(command, command.amount, view);
  if ('type' in prefund) return prefund;
  return posted('deposit', command, view, [externalMove(command, -command.amount, view), prefund]);
}

/** prefund −x, external +x. */
export function decideWithdraw(command: WithdrawCommand, view: View): Decision {
  const prefund = prefundMove(command, -command.amount, view);
  if ('type' in prefund) return prefund;
  return posted('withdraw', command, view, [prefund, externalMove(command, command.amount, view)]);
}

/**
 * Who is paid x: position −x, prefund or external +x; who pays x: position +x, prefund or external
 * −x. Of the network, its rounding.
 */
export function decideSettle(command: SettleCommand, view: View): Decision {
  const { amount } = command;
  assert(command.from === 'outside' || !isOfNetwork(command), 'the network prefunds nothing');
  if (isOfNetwork(command))
    return posted('settle', command, view, [
      move(networkMoney(command, view), 'rounding', -amount),
      externalMove(command, amount, view),
    ]);
  const paid =
    command.from === 'prefund'
      ? prefundMove(command, amount, view)
      : externalMove(command, amount, view);
  if ('type' in paid) return paid;
  const position = move(
    systemWallet(
      view,
      view.bucketOf(command.memberId),
      view.points(command.platformId),
      view.settlement.assetId,
    ),
    'position',
    -amount,
  );
  const short = amount > 0n ? shortOf(position.account, amount) : undefined;
  return short ?? posted('settle', command, view, [position, paid]);
}

/** The network settles what rounding left over with itself. */
export function isOfNetwork(command: Command): boolean {
  return command.kind === 'settle' && command.memberId === networkOwnerId();
}

function posted(
  kind: TransactionKind,
  command: MoneyCommand,
  view: View,
  movements: readonly Movement[],
): Decision {
  const { memberId, amount, details } = command;
  const settled = command.kind === 'settle' ? { ...details, from: command.from } : details;
  // The row counts settlement currency of no member's wallet, so it shows no member's balance.
  return post({
    legs: [
      { kind, memberId, wallet: networkMoney(command, view), amount, details: settled, movements },
    ],
  });
}

/** The platform's prefund moved, or why it cannot be. */
function prefundMove(command: MoneyCommand, amount: bigint, view: View): Movement | Decision {
  const points = view.points(command.platformId);
  assert(command.memberId === points.ownerId, 'money of a platform is asked for under its own id');
  const moved = move(
    systemWallet(view, view.bucketOf(command.memberId), points, view.settlement.assetId),
    'prefund',
    amount,
  );
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

function externalMove(command: MoneyCommand, amount: bigint, view: View): Movement {
  return move(networkMoney(command, view), 'external', amount);
}

function networkMoney(command: MoneyCommand, view: View): ReturnType<View['wallet']> {
  return view.wallet(view.bucketOf(command.memberId), networkOwnerId(), view.settlement.assetId);
}
