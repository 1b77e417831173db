// Asking the rules inside a decision: the facts of a command, and drawing on the allowances of the
// limits that apply. Pure. An allowance is an account: allowance −use, used +use. Two commands at
// once can never draw more than is left of it. Before this: a command such as
// `commands/transfer.ts`. Next: `plan.ts`.

import { networkOwnerId, type Bucket, type PlatformId, type TransactionId } from '../kernel/ids.ts';
import type { Facts, LimitUse, OperationName, Verdict } from '../valuation/valuation.ts';
import { accountOf, headroom, postedBalance, type Wallet } from './account.ts';
import type { CommandBase } from './commands/command.ts';
import { move, refusal, type Decision, type Movement } from './plan.ts';
import type { AllowanceUse, BaseView, WalletView } from './view.ts';

const NO_TAGS: readonly string[] = [];

/** The part of a command that rules may know. */
interface Asking extends CommandBase {
  /** Absent where the points stay on the platform. */
  readonly targetPlatformId?: PlatformId;
  readonly rewardId?: string | undefined;
}

export function factsOf(
  command: Asking,
  operation: OperationName,
  amount: bigint,
  view: Pick<BaseView, 'nowMs'>,
): Facts {
  return {
    operation,
    amount,
    source: command.platformId,
    target: command.targetPlatformId ?? command.platformId,
    memberId: command.memberId,
    category: command.category ?? '',
    tags: command.tags ?? NO_TAGS,
    reward: command.rewardId ?? '',
    atMs: view.nowMs,
  };
}

/** A limit that an operation draws on, and where the rest and the use of it are counted. */
export interface LimitWallets {
  readonly limit: LimitUse;
  readonly allowance: Wallet;
  readonly used: Wallet;
}

const NO_LIMITS: readonly LimitWallets[] = [];

/** The wallets of the limits that a verdict names, in the debited member's bucket. */
export function limitWallets(
  verdict: Verdict | undefined,
  bucket: Bucket,
  view: WalletView,
): readonly LimitWallets[] {
  if (verdict === undefined || verdict.type === 'refuse' || verdict.limits.length === 0)
    return NO_LIMITS;
  return verdict.limits.map((limit) => ({
    limit,
    allowance: limit.shared
      ? view.stripe(bucket, limit.ownerId, limit.assetId)
      : view.wallet(bucket, limit.ownerId, limit.assetId),
    used: view.stripe(bucket, networkOwnerId(), limit.assetId),
  }));
}

/** The movements that use up allowances, or why they cannot be made. */
export function drawAllowances(limits: readonly LimitWallets[]): readonly Movement[] | Decision {
  const movements: Movement[] = [];
  for (const { limit, allowance, used } of limits) {
    const purpose = limit.shared ? 'shared_allowance' : 'allowance';
    const account = accountOf(allowance, purpose, limit.until);
    if (limit.shared) {
      if (headroom(account) < limit.use) {
        return {
          type: 'short',
          shortage: { account, need: limit.use, cap: limit.maximum, otherwise: limit.otherwise },
        };
      }
    } else if (limit.use - postedBalance(account) > limit.maximum) {
      return refusal(limit.otherwise);
    }
    movements.push({ account, amount: -limit.use, layer: 'p' }, move(used, 'used', limit.use));
  }
  return movements;
}

/** True for movements, false for the decision that there are none. */
export function isDrawn(made: readonly Movement[] | Decision): made is readonly Movement[] {
  return Array.isArray(made);
}

/** An allowance that an earlier transaction drew on, and where it is counted. */
export interface AllowanceWallets {
  readonly use: AllowanceUse;
  readonly allowance: Wallet;
  readonly used: Wallet;
}

export function allowanceWallets(
  transactionId: TransactionId,
  view: WalletView<'allowances'>,
): readonly AllowanceWallets[] {
  return view.allowances(transactionId).map((use) => ({
    use,
    allowance: view.wallet(use.bucket, use.ownerId, use.assetId),
    used: view.stripe(use.bucket, networkOwnerId(), use.assetId),
  }));
}

/**
 * Gives back the share of each allowance that `share` returns. An allowance of a period that is
 * over is no longer in memory, and no longer needed.
 */
export function giveBackAllowances(
  allowances: readonly AllowanceWallets[],
  share: (used: bigint) => bigint,
): Movement[] {
  return allowances.flatMap(({ use, allowance, used }) => {
    const account = allowance.others.find(({ accountId }) => accountId === use.accountId);
    const back = share(use.used);
    if (account === undefined || back === 0n) return [];
    return [{ account, amount: back, layer: 'p' as const }, move(used, 'used', -back)];
  });
}
