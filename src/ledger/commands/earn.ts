// Earn: a platform issues points to a member. Pure. Row of `commands.ts`.

import { assert } from '../../kernel/assert.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { Day } from '../../kernel/time.ts';
import {
  evaluateEarn,
  evaluateOperation,
  lastDayOf,
  type Verdict,
} from '../../valuation/valuation.ts';
import { drawAllowances, factsOf, isDrawn, limitWallets, type LimitWallets } from '../limits.ts';
import { balanceLimit, credit, move, post, refusal } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { NO_READS, systemWallet, type BaseView } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

/** Amounts in all commands are positive minor units of the platform's points, at most 10^15. */
export interface EarnCommand extends CommandBase {
  readonly kind: 'earn';
  /** Absent when the earn rules are to make it out of `spent`. */
  readonly amount?: bigint | undefined;
  /** The amount of a purchase, in minor units of the settlement currency. */
  readonly spent?: bigint | undefined;
  readonly occurredAtMs?: number | undefined;
  /**
   * The last day on which the points can be spent; the platform's expiry policy decides when
   * absent.
   */
  readonly expiresOn?: Day | undefined;
}

interface EarnWallets extends MemberWallets {
  readonly earned: Earned;
  readonly limits: readonly LimitWallets[];
}

type Earned =
  | { readonly ok: true; readonly amount: bigint; readonly verdict: Verdict }
  | { readonly ok: false; readonly problem: Problem };

/**
 * issued −x, member +x; what the member owes is repaid first. The points of a purchase are worked
 * out by the earn rules of the moment.
 */
export const earn: LedgerCommand<EarnCommand, EarnWallets> = {
  hostedOnly: () => true,
  states: ({ amount, occurredAtMs, expiresOn, spent }) => [
    amount?.toString(),
    occurredAtMs,
    expiresOn,
    ...(spent === undefined ? [] : [String(spent)]),
  ],
  reads: () => NO_READS,
  wallets: (command, view) => {
    const { memberId, platformId } = command;
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    const earned = earnedBy(command, view);
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
      earned,
      limits: limitWallets(earned.ok ? earned.verdict : undefined, bucket, view),
    };
  },
  decide: (command, { wallet, system, earned, limits }, view) => {
    const { memberId, platformId } = command;
    const expiresOn = command.expiresOn ?? lastDayOf(view.rulebook, platformId, view.today);
    if (expiresOn < view.today)
      return refusal(
        ledgerProblems.invalid_expiry(`The points would have expired on ${expiresOn}.`, {
          field: 'expires_on',
        }),
      );
    if (!earned.ok) return refusal(earned.problem);
    const { amount, verdict } = earned;
    if (verdict.type === 'refuse') return refusal(verdict.problem);
    const drawn = drawAllowances(limits);
    if (!isDrawn(drawn)) return drawn;
    const tooMuch = balanceLimit(wallet, amount, view.today);
    if (tooMuch !== undefined) return refusal(tooMuch);
    return post({
      rulebookVersion: view.rulebook.version,
      legs: [
        {
          kind: 'earn',
          memberId,
          wallet,
          amount,
          occurredAtMs: command.occurredAtMs,
          details: command.details,
          movements: [
            move(system, 'issued', -amount),
            ...credit(wallet, [{ expiresOn, amount }]),
            ...drawn,
          ],
        },
      ],
    });
  },
};

/** The points that an earn comes to and what the rules say of them, or why it comes to none. */
function earnedBy(command: EarnCommand, view: BaseView): Earned {
  const points = pointsOf(command, view);
  if (!points.ok) return points;
  const { amount } = points;
  if (amount <= 0n) return { ok: false, problem: ledgerProblems.amount_too_small() };
  const facts = factsOf(command, 'earn', amount, view);
  return { ok: true, amount, verdict: evaluateOperation(view.rulebook, facts, view.scales) };
}

function pointsOf(
  { platformId, memberId, amount, spent, category = '', tags = [] }: EarnCommand,
  view: BaseView,
): { ok: true; amount: bigint } | { ok: false; problem: Problem } {
  if (amount !== undefined) return { ok: true, amount };
  assert(spent !== undefined, 'an earn names points or what was spent');
  return evaluateEarn(
    view.rulebook,
    { platformId, memberId, spent, category, tags, atMs: view.nowMs },
    view.scales,
  );
}
