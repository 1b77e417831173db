// Clawback: takes points back from a member when no single transaction is reversed. Pure. Row of
// `commands.ts`.

import { takeBack } from '../take-back.ts';
import { move, post, refusal } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { Clawback } from '../types.ts';
import { NO_READS, systemWallet } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

/**
 * Takes points back from a member when no single transaction is to be reversed, such as a refund
 * that names no purchase.
 */
export interface ClawbackCommand extends CommandBase {
  readonly kind: 'clawback';
  readonly amount: bigint;
  readonly occurredAtMs?: number | undefined;
  /** Overrides the platform's clawback policy. */
  readonly clawback?: Clawback | undefined;
}

/** member −x, issued +x, at the level of the member: for refunds that name no single earn. */
export const clawback: LedgerCommand<ClawbackCommand, MemberWallets> = {
  hostedOnly: () => true,
  states: (command) => [String(command.amount), command.occurredAtMs, command.clawback],
  reads: () => NO_READS,
  wallets: ({ memberId, platformId }, view) => {
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
    };
  },
  decide: (command, { wallet, system }, view) => {
    const { memberId, amount } = command;
    const policy = command.clawback ?? view.points(command.platformId).clawback;
    const taken = takeBack(wallet, system, amount, policy, view.today);
    if (taken === undefined) return refusal(ledgerProblems.clawback_refused());
    return post({
      legs: [
        {
          kind: 'clawback',
          memberId,
          wallet,
          amount,
          occurredAtMs: command.occurredAtMs,
          details: command.details,
          movements: [...taken, move(system, 'issued', amount)],
        },
      ],
    });
  },
};
