// What points buy: the catalogue in force, what is left of each reward, and what became of what was bought. Prices and terms are the
// rulebook's, stock is an account of the ledger, that points were spent is the ledger's to say; owns redemptions and their vouchers.
// The only file of this module that others import.

import type { PlatformId, TransactionId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import type { Ledger, Outcome, PostedLeg } from '../ledger/ledger.ts';
import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { MasterKey } from '../security/security.ts';
import { listRewards, type Reward, type Valuation } from '../valuation/valuation.ts';
import { expireVouchers, followLedger } from './follow-ledger.ts';
import { createIssuer } from './issue-redemptions.ts';
import { countAvailable, listOptions, scalesOf, validateRedemption, type Validation } from './options.ts';
import { rewardsProblems } from './problems.ts';
import { createRedemptions, stateAt } from './redemptions.ts';
import { type RedemptionState } from './states.ts';
import { selectByVoucher, selectRedemptions } from './store.ts';
import type { Redeemer, Redemption, Reversal } from './types.ts';
import { createVoucherCodes, readVoucherCode } from './voucher-code.ts';

export type { Reward } from '../valuation/valuation.ts';
export type { Redeemer, Redemption, Reversal } from './types.ts';
export type { Validation } from './options.ts';
export { REDEMPTION_STATES, type RedemptionState } from './states.ts';
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
export interface Issued {
  readonly vouchers: readonly string[];
  readonly expiresAtMs: number | null;
}

export interface Rewards {
  /** Active rewards of a platform, cheapest first; from memory. */
  list(platformId: PlatformId): readonly Reward[];
  /** Units left. */
  countAvailable(reward: Reward): Promise<bigint>;
  /** What a member can redeem now, with its available points; cheapest first. */
  listOptions(redeemer: Redeemer): Promise<{ readonly available: bigint; readonly rewards: readonly Reward[] }>;
  /** Whether a redemption would go through now, in the words of the source requirement. */
  validate(redeemer: Redeemer, rewardId: string, quantity: bigint): Promise<Validation>;

  /** Writes the redemption of a posted redeem and tells its vouchers; when it cannot be written now, `follow` will. Undefined for what is no reward of the catalogue. */
  issue(leg: PostedLeg): Promise<Issued | undefined>;
  find(platformId: PlatformId, redemptionId: TransactionId): Promise<Result<Redemption>>;
  /** Newest first. */
  listRedemptions(platformId: PlatformId, state: RedemptionState | undefined, limit: number): Promise<readonly Redemption[]>;
  /** All codes of a redemption. */
  vouchersOf(redemption: Pick<Redemption, 'redemptionId' | 'quantity'>): readonly string[];
  /** By a code as somebody typed it. `unit` is 0 when it stands for the whole redemption. */
  findVoucher(platformId: PlatformId, code: string): Promise<Result<{ readonly redemption: Redemption; readonly code: string; readonly unit: number }>>;
  /** The reward was handed over. The same key gives the first result again. */
  fulfil(platformId: PlatformId, redemptionId: TransactionId, key: string): Promise<Result<{ readonly redemption: Redemption; readonly replayed: boolean }>>;
  /** Gives points and units back. Repeatable. */
  cancel(platformId: PlatformId, redemptionId: TransactionId, reason: string): Promise<Result<Redemption>>;
  /** Reverses a posted redeem in the ledger, whole or in part, unless it is fulfilled; undefined for what is no reward of the catalogue. */
  reverse(leg: PostedLeg, platformId: PlatformId, reversal: Reversal): Promise<Outcome | undefined>;

  /** Writes what is missing, finishes reversals and lets vouchers expire; true when there is more to do. Bounded work for each call. */
  follow(): Promise<boolean>;
}

const FINISH_LIMIT = 100;

export function createRewards({ pool, clock, log, ledger, valuation, masterKey }: RewardsParts): Rewards {
  const codesOf = createVoucherCodes(masterKey);
  const issuer = createIssuer({ pool, clock, ledger, valuation, codesOf });
  const redemptions = createRedemptions({ pool, clock, ledger, issuer });
  const options = { clock, log, ledger, valuation };
  /** As it is now, whether or not anybody has noticed that its time is over. */
  const present = (redemption: Redemption): Redemption => ({ ...redemption, state: stateAt(redemption, clock.now()) });
  const vouchersOf: Rewards['vouchersOf'] = ({ redemptionId, quantity }) => codesOf(redemptionId, quantity).map(({ code }) => code);

  return {
    list: (platformId) => listRewards(valuation.rulebook(), platformId, scalesOf(ledger)).filter(({ active }) => active),
    countAvailable: (reward) => countAvailable(ledger, reward),
    listOptions: (redeemer) => listOptions(options, redeemer),
    validate: (redeemer, rewardId, quantity) => validateRedemption(options, redeemer, rewardId, quantity),

    async issue(leg) {
      const issue = await issuer.read(leg);
      if (issue === undefined) return undefined;
      await issuer.record(issue).catch((error: unknown) => log.warn({ err: error, redemption: issue.redemptionId }, 'a redemption could not be written at once'));
      return { vouchers: vouchersOf(issue), expiresAtMs: issue.expiresAtMs };
    },
    async find(platformId, redemptionId) {
      const redemption = await redemptions.find(platformId, redemptionId);
      return redemption === undefined ? refuse(rewardsProblems.redemption_not_found()) : ok(present(redemption));
    },
    listRedemptions: async (platformId, state, limit) => (await selectRedemptions(pool, platformId, state, limit)).map(present),
    vouchersOf,
    async findVoucher(platformId, text) {
      const code = readVoucherCode(text);
      if (code === undefined) return refuse(rewardsProblems.voucher_not_found('The check character does not fit: something in it is mistyped.'));
      const found = await selectByVoucher(pool, code);
      if (found?.redemption.platformId !== platformId) return refuse(rewardsProblems.voucher_not_found());
      return ok({ redemption: present(found.redemption), code, unit: found.unit });
    },
    fulfil: (platformId, redemptionId, key) => redemptions.fulfil(platformId, redemptionId, key),
    cancel: (platformId, redemptionId, reason) => redemptions.cancel(platformId, redemptionId, reason),
    async reverse(leg, platformId, reversal) {
      const redemption = leg.kind === 'redeem' ? await redemptions.find(platformId, leg.transactionId) : undefined;
      return redemption === undefined ? undefined : redemptions.reverse(redemption, reversal);
    },

    async follow() {
      const more = await followLedger({ pool, clock, log, ledger, issuer });
      const finished = await redemptions.finishReversals(FINISH_LIMIT);
      const expired = await expireVouchers({ pool, clock, ledger });
      return more || expired || finished === FINISH_LIMIT;
    },
  };
}
