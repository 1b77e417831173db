// What points are worth and what a conversion gives (source requirement 5.1). Owns the value model; never touches a balance.
// This is the one door through which rates reach the ledger: a richer rule engine replaces what stands behind `Valuation`.

import type pg from 'pg';
import { divideRatio, formatRatio, multiplyRatio, parseRatio, scaleDown, type Ratio } from '../kernel/amount.ts';
import type { PlatformId } from '../kernel/ids.ts';

/** What moving an amount comes to; all in minor units of the asset concerned. */
export interface Conversion {
  /** Points credited at the target, rounded toward zero. */
  readonly credited: bigint;
  /** Points kept from the source amount. */
  readonly fee: bigint;
  /** Settlement currency that the source platform comes to owe and the target platform to be owed. */
  readonly value: bigint;
  /** Target points for one source point, as text for people. */
  readonly rate: string;
}

/** Decimals of the assets in a conversion. */
export interface Scales {
  readonly source: number;
  readonly target: number;
  readonly settlement: number;
}

/** One consistent set of values; replaced as a whole, never changed in place. */
export interface ValueModel {
  /** Settlement currency for one point of multiplier 1. */
  readonly baseValue: Ratio;
  /** By platform; a platform that is not listed counts 1. */
  readonly platformMultipliers: ReadonlyMap<string, Ratio>;
  /** By category; a category that is not listed counts 1. */
  readonly categoryMultipliers: ReadonlyMap<string, Ratio>;
}

const ONE: Ratio = { numerator: 1n, denominator: 1n };

/** Settlement currency that one point is worth. */
export function pointValue(model: ValueModel, platformId: PlatformId, category?: string): Ratio {
  const platform = model.platformMultipliers.get(platformId) ?? ONE;
  const factor = category === undefined ? ONE : (model.categoryMultipliers.get(category) ?? ONE);
  return multiplyRatio(multiplyRatio(model.baseValue, platform), factor);
}

/** What holds between two platforms under one model, in minor units: worked out once, applied to many amounts. */
export interface Terms {
  /** Target minor units for one source minor unit. */
  readonly rate: Ratio;
  /** Settlement minor units for one source minor unit. */
  readonly value: Ratio;
  readonly rateText: string;
}

/** Rate = source value ÷ target value (5.1). */
export function termsBetween(model: ValueModel, source: PlatformId, target: PlatformId, scales: Scales): Terms {
  const sourceValue = pointValue(model, source);
  const rate = divideRatio(sourceValue, pointValue(model, target));
  return {
    rate: rescale(rate, scales.source, scales.target),
    value: rescale(sourceValue, scales.source, scales.settlement),
    rateText: formatRatio(rate),
  };
}

/** Target amount = source amount × rate, exact until the one rounding toward zero at the end. */
export function convert(terms: Terms, amountMinor: bigint): Conversion {
  return { credited: scaleDown(amountMinor, terms.rate), fee: 0n, value: scaleDown(amountMinor, terms.value), rate: terms.rateText };
}

/** A ratio between units → the same ratio between minor units. */
function rescale(ratio: Ratio, from: number, to: number): Ratio {
  return to >= from
    ? { numerator: ratio.numerator * 10n ** BigInt(to - from), denominator: ratio.denominator }
    : { numerator: ratio.numerator, denominator: ratio.denominator * 10n ** BigInt(from - to) };
}

/** The values in force, held in memory. */
export interface Valuation {
  /** The model of this moment. */
  model(): ValueModel;
  /** Reads the model again from the database. */
  refresh(): Promise<void>;
}

export async function createValuation(pool: pg.Pool): Promise<Valuation> {
  let model = await loadModel(pool);
  return {
    model: () => model,
    refresh: async () => {
      model = await loadModel(pool);
    },
  };
}

/** Sets what a platform's points are worth relative to the base value, e.g. "1.2". */
export async function setMultiplier(pool: pg.Pool, platformId: PlatformId, multiplier: string): Promise<void> {
  await pool.query(
    `insert into valuation.platform_multiplier (platform_id, multiplier) values ($1, $2)
     on conflict (platform_id) do update set multiplier = excluded.multiplier`,
    [platformId, multiplier],
  );
}

async function loadModel(pool: pg.Pool): Promise<ValueModel> {
  const base = await pool.query<{ base_value: string }>('select base_value::text from valuation.base');
  const platforms = await pool.query<{ name: string; multiplier: string }>(
    'select platform_id as name, multiplier::text from valuation.platform_multiplier',
  );
  const categories = await pool.query<{ name: string; multiplier: string }>(
    'select category as name, multiplier::text from valuation.category_multiplier',
  );
  return {
    baseValue: parseRatio(base.rows[0]?.base_value ?? '0.01'),
    platformMultipliers: new Map(platforms.rows.map((row) => [row.name, parseRatio(row.multiplier)])),
    categoryMultipliers: new Map(categories.rows.map((row) => [row.name, parseRatio(row.multiplier)])),
  };
}
