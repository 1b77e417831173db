// The rewards that points buy: the catalogue in force, the units left of each reward, and the
// redemptions. The rulebook owns prices and terms; the ledger owns stock and spent points. This
// module owns redemptions and their vouchers. The only file of this module that others import.

import type { PlatformId, TransactionId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import type { Ledger, Outcome, PostedLeg } from '../ledger/ledger.ts';
import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { MasterKey } from '../security/security.ts';
import { listRewards, type Reward, type Valuation } from '../valuation/valuation.ts';
import { returnedUnits } from './apply-return.ts';
import { expireVouchers, followLedger, sealClearCodes } from './follow-ledger.ts';
import { createIssuer } from './issue-redemptions.ts';
import {
  countAvailable,
  listOptions,
  scalesOf,
  validateRedemption,
  type Validation,
} from './options.ts';
import { rewardsProblems } from './problems.ts';
import { createRedemptions, stateAt } from './redemptions.ts';
import { type RedemptionState } from './states.ts';
import { selectByVoucher, selectRedemptions } from './store.ts';
import type { Redeemer, Redemption, Reversal, Voucher } from './types.ts';
import { createVoucherCodes, createVoucherHash, readVoucherCode } from './voucher-code.ts';
import { unitsLeft } from './voucher-units.ts';

export type { Reward } from '../valuation/valuation.ts';
export type { Redemption } from './types.ts';
export { sumOf, unitsLeft } from './voucher-units.ts';
export { REDEMPTION_STATES } from './states.ts';
export { rewardsProblems } from './problems.ts';

export interface RewardsParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly valuation: Valuation;
  readonly masterKey: MasterKey;
}

/** What a member gets for a redemption. */
interface Issued {
  readonly vouchers: readonly string[];
  readonly expiresAtMs: number | null;
}

/** Units of a redemption as a caller names them. */
interface NamedUnits {
  readonly quantity?: bigint | undefined;
  /** Codes as a person typed them. */
  readonly vouchers?: readonly string[] | undefined;
}

interface FoundVoucher {
  readonly redemption: Redemption;
  readonly code: string;
  readonly voucher: Voucher;
  /** Of its own: that of its redemption while a unit of it can be used. */
  readonly state: RedemptionState;
}

export interface Rewards {
  /** Active rewards of a platform, cheapest first; from memory. */
  list(platformId: PlatformId): readonly Reward[];
  /** Units left. */
  countAvailable(reward: Reward): Promise<bigint>;
  /** The rewards that a member can redeem now, with its available points; cheapest first. */
  listOptions(
    redeemer: Redeemer,
  ): Promise<{ readonly available: bigint; readonly rewards: readonly Reward[] }>;
  /** Whether a redemption would go through now, in the words of the source requirement. */
  validate(redeemer: Redeemer, rewardId: string, quantity: bigint): Promise<Validation>;

  /**
   * Writes the redemption of a posted redeem and returns its vouchers; when it cannot be written
   * now, `follow` will. Undefined for what is no reward of the catalogue.
   */
  issue(leg: PostedLeg): Promise<Issued | undefined>;
  find(platformId: PlatformId, redemptionId: TransactionId): Promise<Result<Redemption>>;
  /** Newest first. */
  listRedemptions(
    platformId: PlatformId,
    state: RedemptionState | undefined,
    limit: number,
  ): Promise<readonly Redemption[]>;
  /**
   * The codes of a redemption: those of units that were kept, and those of units that were given
   * back.
   */
  codesOf(redemption: Redemption): {
    readonly kept: readonly string[];
    readonly returned: readonly string[];
  };
  /** The vouchers that a posted reversal has ended, and how many units of each. */
  endedBy(
    reversal: PostedLeg,
  ): Promise<readonly { readonly code: string; readonly units: bigint }[]>;
  /** By a code as a person typed it. */
  findVoucher(platformId: PlatformId, code: string): Promise<Result<FoundVoucher>>;
  /**
   * Records that units were handed over: of the named vouchers, or the first usable ones; by
   * default all. The same key gives the first result again.
   */
  fulfil(
    platformId: PlatformId,
    redemptionId: TransactionId,
    named: NamedUnits & { readonly key: string },
  ): Promise<Result<{ readonly redemption: Redemption; readonly replayed: boolean }>>;
  /** Gives back points and units that were not handed over. Repeatable. */
  cancel(
    platformId: PlatformId,
    redemptionId: TransactionId,
    reason: string,
  ): Promise<Result<Redemption>>;
  /**
   * Reverses a posted redeem in the ledger by whole units, as far as they are not handed over;
   * undefined for what is no reward of the catalogue.
   */
  reverse(
    leg: PostedLeg,
    platformId: PlatformId,
    reversal: Omit<Reversal, 'named'> & NamedUnits,
  ): Promise<Outcome | undefined>;

  /**
   * Writes what is missing, seals codes, finishes reversals and expires vouchers; true when there
   * is more to do. Bounded work for each call.
   */
  follow(): Promise<boolean>;
}

const FINISH_LIMIT = 100;

export function createRewards({
  pool,
  clock,
  log,
  ledger,
  valuation,
  masterKey,
}: RewardsParts): Rewards {
  const codesOf = createVoucherCodes(masterKey);
  const hashOf = createVoucherHash(masterKey);
  const issuer = createIssuer({ pool, clock, ledger, valuation, codesOf, hashOf });
  const redemptions = createRedemptions({ pool, clock, log, ledger, issuer });
  const options = { clock, log, ledger, valuation };
  /** As it is now, even when no process has recorded yet that its time is over. */
  const present = (redemption: Redemption): Redemption => ({
    ...redemption,
    state: stateAt(redemption, clock.now()),
  });
  /** The units that codes name; each code is derived again, so none has to be looked up. */
  const namedUnits = (
    { redemptionId, quantity }: Redemption,
    vouchers: readonly string[] | undefined,
  ): Result<number[] | undefined> => {
    if (vouchers === undefined) return ok(undefined);
    const known = new Map(codesOf(redemptionId, quantity).map(({ code, unit }) => [code, unit]));
    const units = vouchers.map((text) => known.get(readVoucherCode(text) ?? ''));
    const named = units.filter((unit) => unit !== undefined);
    return named.length < units.length
      ? refuse(
          rewardsProblems.voucher_not_found(
            'One of `vouchers` does not belong to this redemption.',
            {
              field: 'vouchers',
            },
          ),
        )
      : ok([...new Set(named)].toSorted((a, b) => a - b));
  };

  return {
    list: (platformId) =>
      listRewards(valuation.rulebook(), platformId, scalesOf(ledger)).filter(
        ({ active }) => active,
      ),
    countAvailable: (reward) => countAvailable(ledger, reward),
    listOptions: (redeemer) => listOptions(options, redeemer),
    validate: (redeemer, rewardId, quantity) =>
      validateRedemption(options, redeemer, rewardId, quantity),

    async issue(leg) {
      const issue = await issuer.read(leg);
      if (issue === undefined) return undefined;
      await issuer
        .record(issue)
        .catch((error: unknown) =>
          log.warn(
            { err: error, redemption: issue.redemptionId },
            'a redemption could not be written at once',
          ),
        );
      return {
        vouchers: codesOf(issue.redemptionId, issue.quantity).map(({ code }) => code),
        expiresAtMs: issue.expiresAtMs,
      };
    },
    async find(platformId, redemptionId) {
      const redemption = await redemptions.find(platformId, redemptionId);
      return redemption === undefined
        ? refuse(rewardsProblems.redemption_not_found())
        : ok(present(redemption));
    },
    listRedemptions: async (platformId, state, limit) =>
      (await selectRedemptions(pool, platformId, state, limit)).map(present),
    codesOf({ redemptionId, quantity, vouchers }) {
      const gone = new Set(
        vouchers.filter((voucher) => unitsLeft([voucher]) === 0n).map(({ unit }) => unit),
      );
      const codes = codesOf(redemptionId, quantity);
      return {
        kept: codes.filter(({ unit }) => !gone.has(unit)).map(({ code }) => code),
        returned: codes.filter(({ unit }) => gone.has(unit)).map(({ code }) => code),
      };
    },
    async endedBy(reversal) {
      const [redeem] =
        reversal.relatedId === null ? [] : await ledger.findTransaction(reversal.relatedId);
      if (redeem?.kind !== 'redeem') return [];
      const codes = new Map(
        codesOf(redeem.transactionId, redeem.credited ?? 1n).map(({ code, unit }) => [unit, code]),
      );
      return returnedUnits(reversal).flatMap(({ unit, units }) => {
        const code = codes.get(unit);
        return code === undefined ? [] : [{ code, units }];
      });
    },
    async findVoucher(platformId, text) {
      const code = readVoucherCode(text);
      if (code === undefined)
        return refuse(
          rewardsProblems.voucher_not_found(
            'The check character does not fit: the code is mistyped.',
          ),
        );
      const found = await selectByVoucher(pool, hashOf(code), code);
      const voucher = found?.redemption.vouchers.find(({ unit }) => unit === found.unit);
      if (found?.redemption.platformId !== platformId || voucher === undefined)
        return refuse(rewardsProblems.voucher_not_found());
      const redemption = present(found.redemption);
      const state =
        voucher.usable > 0n ? redemption.state : voucher.fulfilled > 0n ? 'fulfilled' : 'cancelled';
      return ok({ redemption, code, voucher, state });
    },
    async fulfil(platformId, redemptionId, { key, quantity, vouchers }) {
      const redemption = await redemptions.find(platformId, redemptionId);
      if (redemption === undefined) return refuse(rewardsProblems.redemption_not_found());
      const named = namedUnits(redemption, vouchers);
      return named.ok
        ? redemptions.fulfil(redemption, { key, quantity, named: named.value })
        : named;
    },
    cancel: (platformId, redemptionId, reason) =>
      redemptions.cancel(platformId, redemptionId, reason),
    async reverse(leg, platformId, { vouchers, ...reversal }) {
      const redemption =
        leg.kind === 'redeem' ? await redemptions.find(platformId, leg.transactionId) : undefined;
      if (redemption === undefined) return undefined;
      const named = namedUnits(redemption, vouchers);
      return named.ok
        ? redemptions.reverse(redemption, { ...reversal, named: named.value })
        : named;
    },

    async follow() {
      const clear = await sealClearCodes(pool, hashOf);
      const more = await followLedger({ pool, clock, log, ledger, issuer });
      const finished = await redemptions.finishReversals(FINISH_LIMIT);
      const expired = await expireVouchers({ pool, clock, ledger });
      return clear || more || expired || finished === FINISH_LIMIT;
    },
  };
}
