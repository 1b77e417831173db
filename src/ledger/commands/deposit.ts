// Deposit: money that a platform puts up in advance. Pure. Row of `commands.ts`.

import { move } from '../plan.ts';
import { moneyWallets, movePrefund, postMoney } from '../prefund.ts';
import { NO_READS } from '../view.ts';
import type { CommandBase, LedgerCommand } from './command.ts';

/**
 * Money that a platform puts up in advance, or takes out again. Of these and `settle`: amounts are
 * minor units of the settlement currency, and `memberId` is the platform's own owner id, in whose
 * bucket its whole prefund lies.
 */
export interface DepositCommand extends CommandBase {
  readonly kind: 'deposit';
  readonly amount: bigint;
}

/** external −x, prefund +x. */
export const deposit: LedgerCommand<DepositCommand, ReturnType<typeof moneyWallets>> = {
  hostedOnly: () => false,
  states: ({ amount }) => [String(amount)],
  reads: () => NO_READS,
  wallets: moneyWallets,
  decide: (command, { platform, network }, view) => {
    const prefund = movePrefund(platform, command.amount, view);
    if ('type' in prefund) return prefund;
    const external = move(network, 'external', -command.amount);
    return postMoney('deposit', command, network, [external, prefund]);
  },
};
