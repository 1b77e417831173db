// Withdraw: money that a platform takes out of its prefund. Pure. Row of `commands.ts`.

import { move } from '../plan.ts';
import { moneyWallets, movePrefund, postMoney } from '../prefund.ts';
import { NO_READS } from '../view.ts';
import type { CommandBase, LedgerCommand } from './command.ts';

/**
 * Refused when the prefund is less. It does not change the net debit cap: a cap that is derived
 * from the prefund has to be lowered before.
 */
export interface WithdrawCommand extends CommandBase {
  readonly kind: 'withdraw';
  readonly amount: bigint;
}

/** prefund −x, external +x. */
export const withdraw: LedgerCommand<WithdrawCommand, ReturnType<typeof moneyWallets>> = {
  hostedOnly: () => false,
  states: ({ amount }) => [String(amount)],
  reads: () => NO_READS,
  wallets: moneyWallets,
  decide: (command, { platform, network }, view) => {
    const prefund = movePrefund(platform, -command.amount, view);
    if ('type' in prefund) return prefund;
    const external = move(network, 'external', command.amount);
    return postMoney('withdraw', command, network, [prefund, external]);
  },
};
