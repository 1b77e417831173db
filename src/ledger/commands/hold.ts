// Hold: sets points aside, to be captured or released once; for a dispute, a freeze. Pure. Row of
// `commands.ts`. A hold moves pending sums only. Next: `capture.ts` or `release.ts`.

import { smaller } from '../../kernel/amount.ts';
import type { TransactionId } from '../../kernel/ids.ts';
import { DAY_MS } from '../../kernel/time.ts';
import { evaluateOperation, type Verdict } from '../../valuation/valuation.ts';
import { availableOf } from '../account.ts';
import { FREEZE_ENDS_MS } from '../freezes.ts';
import { drawAllowances, factsOf, isDrawn, limitWallets, type LimitWallets } from '../limits.ts';
import {
  insufficient,
  portionsToSpend,
  portionsUpTo,
  post,
  refusal,
  setAside,
  type Decision,
} from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { NO_READS, systemWallet, type BaseView } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

const LONGEST_HOLD_MS = 30 * DAY_MS;
const SHORTEST_HOLD_MS = 1_000;

export interface HoldCommand extends CommandBase {
  readonly kind: 'hold';
  readonly amount: bigint;
  /** The duration of the hold: 1 s to 30 days. A freeze ignores it. */
  readonly expiresInMs: number;
  /**
   * Set aside for a dispute over this transaction: as much of the amount as is available, whatever
   * the rules say, until its dispute ends it or the transaction is reversed; no timer does.
   */
  readonly freeze?: TransactionId | undefined;
}

interface HoldWallets extends MemberWallets {
  /** Undefined for a freeze: neither a rule nor a limit has a say in what is disputed. */
  readonly verdict: Verdict | undefined;
  readonly limits: readonly LimitWallets[];
}

/** Pending: member −x, redeemed +x. */
export const hold: LedgerCommand<HoldCommand, HoldWallets> = {
  hostedOnly: () => true,
  states: ({ amount, expiresInMs, freeze }) => [
    String(amount),
    expiresInMs,
    ...(freeze === undefined ? [] : ['freeze']),
  ],
  reads: () => NO_READS,
  wallets: (command, view) => {
    const { memberId, platformId, amount, freeze } = command;
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    const facts = factsOf(command, 'hold', amount, view);
    const verdict =
      freeze === undefined ? evaluateOperation(view.rulebook, facts, view.scales) : undefined;
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
      verdict,
      limits: limitWallets(verdict, bucket, view),
    };
  },
  decide: (command, wallets, view) => {
    const { memberId, amount, freeze } = command;
    if (freeze !== undefined) return decideFreeze(command, freeze, wallets, view);
    const { wallet, system, verdict, limits } = wallets;
    if (command.expiresInMs < SHORTEST_HOLD_MS || command.expiresInMs > LONGEST_HOLD_MS) {
      return refusal(
        ledgerProblems.invalid_expiry('A hold lasts between 1 second and 30 days.', {
          field: 'expires_in',
        }),
      );
    }
    const portions = portionsToSpend(wallet, amount, view.today);
    if (portions === undefined) {
      const points = view.points(command.platformId);
      return refusal(insufficient(availableOf(wallet, view.today), amount, points));
    }
    if (verdict?.type === 'refuse') return refusal(verdict.problem);
    const drawn = drawAllowances(limits);
    if (!isDrawn(drawn)) return drawn;
    return post({
      rulebookVersion: view.rulebook.version,
      legs: [
        {
          kind: 'hold',
          memberId,
          wallet,
          amount,
          details: command.details,
          movements: [...setAside(portions, system, amount, 1n), ...drawn],
        },
      ],
      holds: [
        {
          change: 'create',
          wallet,
          memberId,
          amount,
          portions,
          expiresAtMs: view.nowMs + command.expiresInMs,
        },
      ],
    });
  },
};

/** As a hold, of what is there. */
function decideFreeze(
  { memberId, platformId, amount, details }: HoldCommand,
  transactionId: TransactionId,
  { wallet, system }: MemberWallets,
  view: BaseView,
): Decision {
  const frozen = smaller(amount, availableOf(wallet, view.today));
  if (frozen === 0n) return refusal(insufficient(0n, amount, view.points(platformId)));
  const portions = portionsUpTo(wallet, frozen, view.today);
  return post({
    legs: [
      {
        kind: 'hold',
        memberId,
        wallet,
        amount: frozen,
        details,
        movements: setAside(portions, system, frozen, 1n),
      },
    ],
    holds: [
      {
        change: 'create',
        wallet,
        memberId,
        amount: frozen,
        portions,
        expiresAtMs: FREEZE_ENDS_MS,
        frozen: { for: transactionId, atMs: view.nowMs },
      },
    ],
  });
}
