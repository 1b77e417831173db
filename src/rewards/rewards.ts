// What points buy: the catalogue. Stock is a cap in the ledger and delivered units are ledger entries; this module only describes and prices.
// The only file of this module that others import.

import { platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import { ok, ProblemError, refuse, type Result } from '../kernel/problem.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Pool } from '../runtime/database.ts';
import { isDatabaseUnavailable } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { rewardProblems } from './problems.ts';
import { selectRewards, upsertReward, type Reward } from './store.ts';

export type { Reward } from './store.ts';
export { rewardProblems } from './problems.ts';

export interface NewReward {
  readonly platformId: PlatformId;
  readonly rewardId: string;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly descriptionZh: string;
  readonly descriptionEn: string;
  /** Minor units of the platform's points for one unit. */
  readonly pointsRequired: bigint;
  /** Units that may be redeemed in all; set only when the reward is new. */
  readonly stock: bigint;
}

export interface Rewards {
  /** Active rewards of a platform, cheapest first; from memory, at most a few seconds old. */
  list(platformId: PlatformId): Promise<readonly Reward[]>;
  /** An active reward, or the problem to answer. */
  find(platformId: PlatformId, rewardId: string): Promise<Result<Reward>>;
  /** Units left. */
  countAvailable(reward: Reward): Promise<bigint>;
  /** Adds a reward with its stock, or changes its texts and price. Stock of an existing reward stays. */
  put(reward: NewReward): Promise<Reward>;
}

/** The ledger's name for the units of a reward. */
export function rewardAssetCode(platformId: PlatformId, rewardId: string): string {
  return `reward:${platformId}/${rewardId}`;
}

const FRESH_MS = 2_000;

export function createRewards({ pool, ledger, log }: { readonly pool: Pool; readonly ledger: Ledger; readonly log: Log }): Rewards {
  let catalogue = new Map<string, readonly Reward[]>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const rewards = await selectRewards(pool);
    catalogue = Map.groupBy(rewards.filter((reward) => reward.active), (reward) => reward.platformId);
    readAtMs = performance.now();
  }

  /** The first caller waits; later ones get what is in memory while it is read anew. */
  async function current(): Promise<Map<string, readonly Reward[]>> {
    if (performance.now() - readAtMs > FRESH_MS) {
      reading ??= read().finally(() => (reading = undefined));
      if (readAtMs === Number.NEGATIVE_INFINITY) await reading;
      else reading.catch((error: unknown) => log[isDatabaseUnavailable(error) ? 'warn' : 'error']({ err: error }, 'the reward catalogue could not be read'));
    }
    return catalogue;
  }

  return {
    list: async (platformId) => (await current()).get(platformId) ?? [],
    async find(platformId, rewardId) {
      const reward = (await current()).get(platformId)?.find((candidate) => candidate.rewardId === rewardId);
      return reward === undefined ? refuse(rewardProblems.reward_not_found()) : ok(reward);
    },
    async countAvailable(reward) {
      const cap = await ledger.findCap(platformOwnerId(reward.platformId), reward.assetId, 'stock');
      return cap === undefined || cap.used > cap.amount ? 0n : cap.amount - cap.used;
    },
    async put({ stock, ...reward }) {
      const asset = await ledger.registerAsset({ code: rewardAssetCode(reward.platformId, reward.rewardId), kind: 'reward', platformId: reward.platformId, scale: 0 });
      const cap = { ownerId: platformOwnerId(reward.platformId), assetId: asset.assetId, purpose: 'stock' as const, amount: stock };
      if ((await ledger.findCap(cap.ownerId, cap.assetId, cap.purpose)) === undefined) {
        const set = await ledger.setCap(cap);
        if (!set.ok) throw new ProblemError(set.problem);
      }
      const row = { ...reward, assetId: asset.assetId, active: true };
      await upsertReward(pool, row);
      await read();
      return row;
    },
  };
}
