// Settle: pays off what a platform owes or is owed. Pure. Row of `commands.ts`.

import { assert } from '../../kernel/assert.ts';
import { networkOwnerId } from '../../kernel/ids.ts';
import { shortOf } from '../convert.ts';
import { move } from '../plan.ts';
import {
  moneyWallets,
  movePrefund,
  networkMoney,
  postMoney,
  type MoneyWallets,
} from '../prefund.ts';
import { NO_READS } from '../view.ts';
import type { CommandBase, LedgerCommand } from './command.ts';

/**
 * Pays off what a platform owes or is owed; never takes its position beyond the cap. Under the
 * network's own owner id it pays out what rounding left over, from outside.
 */
export interface SettleCommand extends CommandBase {
  readonly kind: 'settle';
  /** The amount that the platform is paid (positive) or pays (negative). */
  readonly amount: bigint;
  /** Out of and into its prefund, or by a payment outside of the network. */
  readonly from: 'prefund' | 'outside';
}

/**
 * Who is paid x: position −x, prefund or external +x; who pays x: position +x, prefund or external
 * −x. Of the network, its rounding.
 */
export const settle: LedgerCommand<SettleCommand, MoneyWallets> = {
  hostedOnly: () => false,
  states: ({ amount, from }) => [String(amount), from],
  reads: () => NO_READS,
  // The network settles with itself what rounding left over.
  wallets: (command, view) =>
    command.memberId === networkOwnerId()
      ? { platform: undefined, network: networkMoney(command.memberId, view) }
      : moneyWallets(command, view),
  decide: (command, { platform, network }, view) => {
    const { amount, from } = command;
    const row = { ...command, details: { ...command.details, from } };
    if (platform === undefined) {
      assert(from === 'outside', 'the network prefunds nothing');
      const rounding = move(network, 'rounding', -amount);
      return postMoney('settle', row, network, [rounding, move(network, 'external', amount)]);
    }
    const paid =
      from === 'prefund' ? movePrefund(platform, amount, view) : move(network, 'external', amount);
    if ('type' in paid) return paid;
    const position = move(platform, 'position', -amount);
    const short = amount > 0n ? shortOf(position.account, amount) : undefined;
    return short ?? postMoney('settle', row, network, [position, paid]);
  },
};
