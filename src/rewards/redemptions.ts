// What happens to redemptions after they are issued: fulfilling and reversing. Of two who want different things, the row lets one win.
// A reversal is noted in the row before it is posted, so that after a crash at any point whoever finds it can finish it.

import { setTimeout as sleep } from 'node:timers/promises';
import { bucketOfTransaction, deriveTransactionId, type PlatformId, type TransactionId } from '../kernel/ids.ts';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import { ledgerProblems, type Ledger, type Outcome } from '../ledger/ledger.ts';
import { dbTransaction, type Pool } from '../runtime/database.ts';
import { appendEvents } from '../runtime/feed.ts';
import type { Issuer } from './issue-redemptions.ts';
import { rewardsProblems } from './problems.ts';
import { describeEvents } from './redemption-events.ts';
import { transitions, type RedemptionState, type TransitionName } from './states.ts';
import { moveRedemption, selectCancelling, selectRedemption, type Setting } from './store.ts';
import type { Redemption, Reversal } from './types.ts';

export interface RedemptionParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly issuer: Issuer;
}

export interface Redemptions {
  /** A platform's own; one that is posted but not written yet is written. */
  find(platformId: PlatformId, redemptionId: TransactionId): Promise<Redemption | undefined>;
  fulfil(platformId: PlatformId, redemptionId: TransactionId, key: string): Promise<Result<{ readonly redemption: Redemption; readonly replayed: boolean }>>;
  /** Gives back all that is left of it; a repetition answers the same. */
  cancel(platformId: PlatformId, redemptionId: TransactionId, reason: string): Promise<Result<Redemption>>;
  /** Reverses it in the ledger, whole or in part. */
  reverse(redemption: Redemption, reversal: Reversal): Promise<Outcome>;
  /** Finishes reversals that nobody has finished; returns how many. */
  finishReversals(limit: number): Promise<number>;
}

/** Whoever began a reversal is given this long; longer than a statement of the ledger may take would keep callers waiting for nothing. */
const LEASE_MS = 10_000;
/** How long a caller waits for somebody else's reversal. */
const WAIT_MS = 2_000;
const WAIT_STEP_MS = 25;

/** Its state as it is now: nobody has to notice first that its time is over. */
export function stateAt({ state, expiresAtMs }: Pick<Redemption, 'state' | 'expiresAtMs'>, nowMs: number): RedemptionState {
  return state === 'issued' && expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : state;
}

export function createRedemptions({ pool, clock, ledger, issuer }: RedemptionParts): Redemptions {
  const move = (redemption: Redemption, transition: TransitionName, setting?: Setting): Promise<Redemption | undefined> => dbTransaction(pool, async (client) => {
    const moved = await moveRedemption(client, redemption, transition, clock.now(), setting);
    const { event } = transitions[transition];
    if (moved !== undefined && event !== undefined) await appendEvents(client, describeEvents(event, [moved], ledger), clock.now());
    return moved;
  });

  const find = async (platformId: PlatformId, redemptionId: TransactionId): Promise<Redemption | undefined> => {
    let redemption = await selectRedemption(pool, redemptionId);
    if (redemption === undefined) {
      const [leg] = await ledger.findTransaction(redemptionId);
      const issue = leg?.kind === 'redeem' ? await issuer.read(leg) : undefined;
      if (issue === undefined) return undefined;
      await issuer.record(issue);
      redemption = await selectRedemption(pool, redemptionId);
    }
    return redemption?.platformId === platformId ? redemption : undefined;
  };

  /** Posts the reversal that the row notes, or finds it posted, and lets the row follow. */
  const finish = async (redemption: Redemption): Promise<Outcome> => {
    const { redemptionId, reversal } = redemption;
    if (reversal === null) throw new Error(`redemption ${redemptionId} has no reversal to finish`);
    const outcome = await submit(redemption, reversal);
    // Perhaps posted: the row stays as it is until somebody knows.
    if (!outcome.ok && outcome.problem.retryable) return outcome;
    const isWhole = (await ledger.getReversed(redemptionId)) >= redemption.amount;
    await move(redemption, isWhole ? 'cancel' : reversal.from === 'expired' ? 'reopenExpired' : 'reopen');
    return outcome;
  };

  const submit = ({ redemptionId, platformId, memberId }: Redemption, { key, reason, reference, amount }: Reversal): Promise<Outcome> => ledger.submit({
    kind: 'reverse', platformId, memberId, key, transactionId: redemptionId, amount, reason, reference, details: { reverses: 'redeem' },
  });

  /** False when another one was first. */
  const takeOver = async (redemption: Redemption): Promise<boolean> => {
    if (redemption.reversal === null) return false;
    const mine = await move(redemption, 'takeOver', { reversal: redemption.reversal });
    if (mine === undefined) return false;
    await finish(mine);
    return true;
  };

  /** The redemption as it is now, when no reversal is under way; undefined when one does not come to its end. */
  const settle = async ({ redemptionId }: Redemption): Promise<Redemption | undefined> => {
    for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += WAIT_STEP_MS) {
      const present = await selectRedemption(pool, redemptionId);
      if (present?.state !== 'cancelling') return present;
      if (clock.now() - present.changedAtMs >= LEASE_MS) await takeOver(present);
      else await sleep(WAIT_STEP_MS);
    }
    return undefined;
  };

  const isPosted = async ({ redemptionId, platformId, memberId }: Redemption, key: string): Promise<boolean> =>
    (await ledger.findTransaction(deriveTransactionId(bucketOfTransaction(redemptionId), platformId, memberId, key))).length > 0;

  const reverse = async (redemption: Redemption, reversal: Reversal): Promise<Outcome> => {
    for (;;) {
      const present = await settle(redemption);
      if (present === undefined) return refuse(ledgerProblems.unavailable('Another reversal of it is under way.'));
      if (present.state === 'fulfilled' && !(await isPosted(present, reversal.key))) return refuse(rewardsProblems.voucher_used());
      // Nothing is left to change: the ledger gives the first result again, or says that there is nothing to reverse.
      if (present.state === 'fulfilled' || present.state === 'cancelled') return submit(present, reversal);
      const begun = await move(present, 'begin', { reversal: { ...reversal, from: present.state } });
      if (begun !== undefined) return finish(begun);
    }
  };

  /** Why it can be neither used nor cancelled any more; undefined while it can. */
  const refusalOf = (redemption: Redemption): Problem | undefined => refusals[stateAt(redemption, clock.now())]?.();

  return {
    find, reverse,
    async fulfil(platformId, redemptionId, key) {
      const redemption = await find(platformId, redemptionId);
      if (redemption === undefined) return refuse(rewardsProblems.redemption_not_found());
      for (;;) {
        const present = await settle(redemption);
        if (present === undefined) return refuse(ledgerProblems.unavailable('A reversal of it is under way.'));
        if (present.state === 'fulfilled' && present.fulfilledKey === key) return ok({ redemption: present, replayed: true });
        const problem = refusalOf(present);
        if (problem !== undefined) return refuse(problem);
        const fulfilled = await move(present, 'fulfil', { fulfilledKey: key });
        if (fulfilled !== undefined) return ok({ redemption: fulfilled, replayed: false });
      }
    },
    async cancel(platformId, redemptionId, reason) {
      const redemption = await find(platformId, redemptionId);
      if (redemption === undefined) return refuse(rewardsProblems.redemption_not_found());
      const settled = await settle(redemption);
      if (settled === undefined) return refuse(ledgerProblems.unavailable('A reversal of it is under way.'));
      if (settled.state === 'cancelled') return ok(settled);
      const problem = refusalOf(settled);
      if (problem !== undefined) return refuse(problem);
      // No caller can name this key: a key from a header has no space in it.
      const outcome = await reverse(settled, { key: `cancel ${redemptionId}`, reason });
      const present = await selectRedemption(pool, redemptionId);
      if (present?.state === 'cancelled') return ok(present);
      return outcome.ok ? refuse(ledgerProblems.unavailable()) : outcome;
    },
    async finishReversals(limit) {
      const overdue = await selectCancelling(pool, clock.now() - LEASE_MS, limit);
      let finished = 0;
      for (const redemption of overdue) if (await takeOver(redemption)) finished += 1;
      return finished;
    },
  };
}

const refusals: Partial<Record<RedemptionState, () => Problem>> = {
  fulfilled: () => rewardsProblems.voucher_used(),
  cancelled: () => rewardsProblems.redemption_cancelled(),
  expired: () => rewardsProblems.redemption_expired(),
};
