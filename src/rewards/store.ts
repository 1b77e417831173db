// All SQL of the rewards module.

import type { PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';

/** A reward as the catalogue describes it; its stock is an account of the ledger. */
export interface Reward {
  readonly platformId: PlatformId;
  readonly rewardId: string;
  /** The asset whose units are this reward. */
  readonly assetId: number;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly descriptionZh: string;
  readonly descriptionEn: string;
  /** Minor units of the platform's points for one unit. */
  readonly pointsRequired: bigint;
  readonly active: boolean;
}

export async function selectRewards(pool: Pool): Promise<Reward[]> {
  const { rows } = await pool.query<Reward>(
    `select platform_id as "platformId", reward_id as "rewardId", asset_id as "assetId", name_zh as "nameZh", name_en as "nameEn",
            description_zh as "descriptionZh", description_en as "descriptionEn", points_required as "pointsRequired", active
       from rewards.reward order by platform_id, points_required, reward_id`,
  );
  return rows;
}

export async function upsertReward(pool: Pool, reward: Reward): Promise<void> {
  await pool.query(
    `insert into rewards.reward (platform_id, reward_id, asset_id, name_zh, name_en, description_zh, description_en, points_required, active)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (platform_id, reward_id) do update
        set name_zh = excluded.name_zh, name_en = excluded.name_en, description_zh = excluded.description_zh,
            description_en = excluded.description_en, points_required = excluded.points_required, active = excluded.active`,
    [
      reward.platformId, reward.rewardId, reward.assetId, reward.nameZh, reward.nameEn, reward.descriptionZh, reward.descriptionEn,
      reward.pointsRequired, reward.active,
    ],
  );
}
