// Walks the table of commands: finds the wallets of a command and decides it. Pure. Before this:
// `loading.ts` has the wallets in memory. After this: `post-plan.ts` carries the plan out.

import { kindOf, type Command } from './commands/commands.ts';
import { exceedsCounters, refusal, type Decision } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { View } from './view.ts';

/** The wallets of a command's decision, as its kind lays them out. */
export function walletsOf(command: Command, view: View): unknown {
  return kindOf(command).wallets(command, view);
}

/**
 * Decides one command on what `walletsOf` has laid out, all of it in memory. Changes nothing but
 * empty accounts in these wallets.
 */
export function decide(command: Command, wallets: unknown, view: View): Decision {
  const kind = kindOf(command);
  if (kind.hostedOnly(command) && view.points(command.platformId).custody === 'connected')
    return refusal(ledgerProblems.connected_platform());
  const decision = kind.decide(command, wallets, view);
  return decision.type === 'post' && exceedsCounters(decision.plan)
    ? refusal(ledgerProblems.counter_limit())
    : decision;
}
