// Earn: a platform issues points to a member. Pure.

import { assert } from '../../kernel/assert.ts';
import { evaluateEarn, evaluateOperation, lastDayOf } from '../../valuation/valuation.ts';
import { drawAllowances, factsOf, isDrawn } from '../limits.ts';
import { balanceLimit, credit, move, post, refusal, type Decision } from '../plan.ts';
import type { Problem } from '../../kernel/problem.ts';
import { ledgerProblems } from '../problems.ts';
import type { EarnCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

/**
 * issued −x, member +x; what the member owes is repaid first. The points of a purchase are worked
 * out by the earn rules of the moment.
 */
export function decideEarn(command: EarnCommand, view: View): Decision {
  const { memberId, platformId } = command;
  const points = view.points(platformId);
  const expiresOn = command.expiresOn ?? lastDayOf(view.rulebook, platformId, view.today);
  if (expiresOn < view.today)
    return refusal(
      ledgerProblems.invalid_expiry(`The points would have expired on ${expiresOn}.`, {
        field: 'expires_on',
      }),
    );
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const earned = pointsOf(command, view);
  if (!earned.ok) return refusal(earned.problem);
  const { amount } = earned;
  if (amount <= 0n) return refusal(ledgerProblems.amount_too_small());
  const verdict = evaluateOperation(
    view.rulebook,
    factsOf(command, 'earn', amount, view),
    view.scales,
  );
  if (verdict.type === 'refuse') return refusal(verdict.problem);
  const drawn = drawAllowances(verdict.limits, bucket, view);
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
          move(systemWallet(view, bucket, points), 'issued', -amount),
          ...credit(wallet, [{ expiresOn, amount }]),
          ...drawn,
        ],
      },
    ],
  });
}

/** The points that an earn comes to; undefined when no rule says. */
export function amountToEarn(
  command: EarnCommand,
  view: Pick<View, 'nowMs' | 'rulebook' | 'scales'>,
): bigint | undefined {
  const earned = pointsOf(command, view);
  return earned.ok ? earned.amount : undefined;
}

function pointsOf(
  { platformId, memberId, amount, spent, category = '', tags = [] }: EarnCommand,
  view: Pick<View, 'nowMs' | 'rulebook' | 'scales'>,
): { ok: true; amount: bigint } | { ok: false; problem: Problem } {
  if (amount !== undefined) return { ok: true, amount };
  assert(spent !== undefined, 'an earn names points or what was spent');
  return evaluateEarn(
    view.rulebook,
    { platformId, memberId, spent, category, tags, atMs: view.nowMs },
    view.scales,
  );
}
