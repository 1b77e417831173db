// Changes of redemptions after they are issued: fulfilling and reversing. When two callers want
// different things, the row lets one win. A reversal is recorded in the row before it is posted, so
// that after a crash at any point any process can finish it.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  bucketOfTransaction,
  deriveTransactionId,
  type PlatformId,
  type TransactionId,
} from '../kernel/ids.ts';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import { ledgerProblems, getPoints, type Ledger, type Outcome } from '../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { appendEvents } from '../events/events.ts';
import type { Log } from '../runtime/log.ts';
import { applyReturn } from './apply-return.ts';
import type { Issuer } from './issue-redemptions.ts';
import { rewardsProblems } from './problems.ts';
import { describeEvents, partOf } from './redemption-events.ts';
import {
  transitionAfterReturn,
  transitions,
  type RedemptionState,
  type TransitionName,
} from './states.ts';
import {
  insertFulfilment,
  moveRedemption,
  selectCancelling,
  selectFulfilment,
  selectRedemption,
  type Setting,
} from './store.ts';
import type { Asked, Redemption, Reversal, ReversalUnderWay } from './types.ts';
import {
  chooseFulfilled,
  chooseReturned,
  countOf,
  formatUnits,
  sumOf,
  useUnits,
} from './voucher-units.ts';

export interface RedemptionParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly issuer: Issuer;
}

/** Units that were handed over; by default all that can be used. */
type Fulfilment = Omit<Asked, 'amount'> & { readonly key: string };

export interface Redemptions {
  /** One of the platform's own; one that is posted but not written yet is written now. */
  find(platformId: PlatformId, redemptionId: TransactionId): Promise<Redemption | undefined>;
  fulfil(
    redemption: Redemption,
    fulfilment: Fulfilment,
  ): Promise<Result<{ readonly redemption: Redemption; readonly replayed: boolean }>>;
  /** Gives back everything that can still be used; a repetition returns the same. */
  cancel(
    platformId: PlatformId,
    redemptionId: TransactionId,
    reason: string,
  ): Promise<Result<Redemption>>;
  /**
   * Reverses it in the ledger, in whole or in part; each unit that comes back ends one unit of a
   * voucher.
   */
  reverse(redemption: Redemption, reversal: Reversal): Promise<Outcome>;
  /** Finishes reversals that were left unfinished; returns how many. */
  finishReversals(limit: number): Promise<number>;
}

/**
 * Time for the process that began a reversal to finish it; longer than a ledger statement may take
 * would only keep callers waiting.
 */
const LEASE_MS = 10_000;
/** How long a caller waits for another caller's reversal. */
const WAIT_MS = 2_000;
const WAIT_STEP_MS = 25;

/** Its present state, even when no process has recorded yet that its time is over. */
export function stateAt(
  { state, expiresAtMs }: Pick<Redemption, 'state' | 'expiresAtMs'>,
  nowMs: number,
): RedemptionState {
  return state === 'issued' && expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : state;
}

export function createRedemptions({
  pool,
  clock,
  log,
  ledger,
  issuer,
}: RedemptionParts): Redemptions {
  const moveWithin = async (
    client: DbClient,
    redemption: Redemption,
    transition: TransitionName,
    setting?: Setting,
  ): Promise<Redemption | undefined> => {
    const moved = await moveRedemption(client, redemption, transition, clock.now(), setting);
    const { event } = transitions[transition];
    if (moved !== undefined && event !== undefined)
      await appendEvents(client, describeEvents(event, [moved], ledger), clock.now());
    return moved;
  };
  const move = (
    redemption: Redemption,
    transition: TransitionName,
    setting?: Setting,
  ): Promise<Redemption | undefined> =>
    dbTransaction(pool, (client) => moveWithin(client, redemption, transition, setting));

  const find = async (
    platformId: PlatformId,
    redemptionId: TransactionId,
  ): Promise<Redemption | undefined> => {
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

  /** Posts the reversal recorded in the row, or finds it posted, and updates vouchers and row. */
  const finish = async (redemption: Redemption): Promise<Outcome> => {
    const { redemptionId, reversal } = redemption;
    if (reversal === null) throw new Error(`redemption ${redemptionId} has no reversal to finish`);
    const outcome = await submit(redemption, reversal);
    // It may be posted: the row stays as it is until that is known.
    if (!outcome.ok && outcome.problem.retryable) return outcome;
    // Another caller may have given back the rest in the ledger meanwhile.
    const isWhole = (await ledger.getReversed(redemptionId)) >= redemption.amount;
    await dbTransaction(pool, async (client) => {
      const applied = outcome.ok ? await applyReturn(client, outcome.transaction) : undefined;
      if (applied !== undefined && applied.missing > 0n)
        log.error(
          { redemption: redemptionId },
          'units were given back in the ledger although they were handed over',
        );
      const present = applied?.redemption ?? redemption;
      await moveWithin(
        client,
        present,
        isWhole ? 'cancel' : transitionAfterReturn(present, reversal.from),
      );
    });
    return outcome;
  };

  const submit = (
    { redemptionId, platformId, memberId }: Redemption,
    reversal: Reversal & Pick<ReversalUnderWay, 'chosen'>,
  ): Promise<Outcome> => {
    const { key, signature, reason, reference, amount, chosen } = reversal;
    return ledger.submit({
      kind: 'reverse',
      platformId,
      memberId,
      key,
      signature,
      transactionId: redemptionId,
      amount,
      reason,
      reference,
      // Units that the caller named are part of the request; units chosen for it are not.
      details: { reverses: 'redeem', ...statedOf(reversal) },
      returned:
        chosen === undefined
          ? undefined
          : { units: countOf(chosen), vouchers: formatUnits(chosen) },
    });
  };

  /** False when another caller was first. */
  const takeOver = async (redemption: Redemption): Promise<boolean> => {
    if (redemption.reversal === null) return false;
    const mine = await move(redemption, 'takeOver', { reversal: redemption.reversal });
    if (mine === undefined) return false;
    await finish(mine);
    return true;
  };

  /**
   * The redemption as it is now, when no reversal is under way; undefined when one does not come to
   * its end.
   */
  const settle = async ({ redemptionId }: Redemption): Promise<Redemption | undefined> => {
    for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += WAIT_STEP_MS) {
      const present = await selectRedemption(pool, redemptionId);
      if (present?.state !== 'cancelling') return present;
      if (clock.now() - present.changedAtMs >= LEASE_MS) await takeOver(present);
      else await sleep(WAIT_STEP_MS);
    }
    return undefined;
  };

  const isPosted = async (
    { redemptionId, platformId, memberId }: Redemption,
    key: string,
  ): Promise<boolean> =>
    (
      await ledger.findTransaction(
        deriveTransactionId(bucketOfTransaction(redemptionId), platformId, memberId, key),
      )
    ).length > 0;

  const reverse = async (redemption: Redemption, reversal: Reversal): Promise<Outcome> => {
    for (;;) {
      const present = await settle(redemption);
      if (present === undefined)
        return refuse(ledgerProblems.unavailable('Another reversal of it is under way.'));
      // Nothing is left to change: the ledger returns the first result again, or refuses because
      // there is nothing to reverse.
      if (present.state === 'cancelled' || (await isPosted(present, reversal.key)))
        return submit(present, reversal);
      if (present.state === 'fulfilled') return refuse(rewardsProblems.voucher_used());
      const chosen = chooseReturned(present, reversal, getPoints(ledger, present.platformId).scale);
      if (!chosen.ok) return chosen;
      const begun = await move(present, 'begin', {
        reversal: { ...reversal, from: present.state, chosen: chosen.value },
      });
      if (begun !== undefined) return finish(begun);
    }
  };

  /** Why it can be neither used nor cancelled any more; undefined while it can. */
  const refusalOf = (redemption: Redemption): Problem | undefined =>
    refusals[stateAt(redemption, clock.now())]?.();

  const use = (
    present: Redemption,
    { key, ...asked }: Fulfilment,
  ): Promise<Result<Redemption | undefined>> =>
    dbTransaction(pool, async (client) => {
      const chosen = chooseFulfilled(present, asked);
      if (!chosen.ok) return chosen;
      const vouchers = useUnits(present.vouchers, chosen.value);
      const transition = sumOf(vouchers, 'usable') === 0n ? 'fulfil' : 'fulfilPart';
      const moved = await moveRedemption(client, present, transition, clock.now(), { vouchers });
      if (moved === undefined) return ok(undefined);
      await insertFulfilment(
        client,
        present.redemptionId,
        key,
        JSON.stringify(statedOf(asked)),
        chosen.value,
        clock.now(),
      );
      await appendEvents(
        client,
        describeEvents(
          transitions[transition].event,
          [partOf(moved, countOf(chosen.value))],
          ledger,
        ),
        clock.now(),
      );
      return ok(moved);
    });

  return {
    find,
    reverse,
    async fulfil(redemption, fulfilment) {
      const stated = JSON.stringify(statedOf(fulfilment));
      for (;;) {
        const present = await settle(redemption);
        if (present === undefined)
          return refuse(ledgerProblems.unavailable('A reversal of it is under way.'));
        const first = await selectFulfilment(pool, present.redemptionId, fulfilment.key);
        if (first !== undefined && first !== stated)
          return refuse(
            ledgerProblems.idempotency_key_reused('The key was first used for other units.', {
              field: 'vouchers',
            }),
          );
        if (first !== undefined) return ok({ redemption: present, replayed: true });
        const problem = refusalOf(present);
        if (problem !== undefined) return refuse(problem);
        const used = await use(present, fulfilment);
        if (!used.ok) return used;
        if (used.value !== undefined) return ok({ redemption: used.value, replayed: false });
      }
    },
    async cancel(platformId, redemptionId, reason) {
      const redemption = await find(platformId, redemptionId);
      if (redemption === undefined) return refuse(rewardsProblems.redemption_not_found());
      const settled = await settle(redemption);
      if (settled === undefined)
        return refuse(ledgerProblems.unavailable('A reversal of it is under way.'));
      // No caller can send this key: a key from a header has no space in it.
      const key = `cancel ${redemptionId}`;
      if (settled.state === 'cancelled' || (await isPosted(settled, key))) return ok(settled);
      const problem = refusalOf(settled);
      if (problem !== undefined) return refuse(problem);
      const outcome = await reverse(settled, { key, reason });
      const present = await selectRedemption(pool, redemptionId);
      if (present?.state === 'cancelled' || (present !== undefined && outcome.ok))
        return ok(present);
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

/** The units that a caller named; nothing when it left the choice. */
function statedOf({ quantity, named }: Asked): Readonly<Record<string, string>> {
  return {
    ...(quantity === undefined ? {} : { named_quantity: String(quantity) }),
    ...(named === undefined ? {} : { named_units: named.join(' ') }),
  };
}

const refusals: Partial<Record<RedemptionState, () => Problem>> = {
  fulfilled: () => rewardsProblems.voucher_used(),
  cancelled: () => rewardsProblems.redemption_cancelled(),
  expired: () => rewardsProblems.redemption_expired(),
};
