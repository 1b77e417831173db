// Reports what each platform still owes its members in points, and how much of it may never be
// used. It sums raw rows, bucket by bucket, in one snapshot.

import { scaleDown, formatRatio, type Ratio } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import type { PlatformId } from '../kernel/ids.ts';
import type { Clock, Day } from '../kernel/time.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { pointValue, type Valuation } from '../valuation/valuation.ts';

/**
 * One platform's points, in minor units. outstanding + lapsed − debt = issued + convertedIn −
 * redeemed − convertedAway − expired − fees − clawedBack + adjusted.
 */
export interface PlatformLiability {
  readonly platformId: PlatformId;
  readonly scale: number;
  /** Issued by the platform itself, less reversed earns. */
  readonly issued: bigint;
  /** Received by conversion from other platforms' points. */
  readonly convertedIn: bigint;
  /** Spent on rewards and captured holds. */
  readonly redeemed: bigint;
  /** Converted to other platforms' points, without fees. */
  readonly convertedAway: bigint;
  readonly expired: bigint;
  /** Kept from conversions. */
  readonly fees: bigint;
  /** Taken back, less what the platform paid itself. */
  readonly clawedBack: bigint;
  /** Adjusted by operators; negative when they took points. */
  readonly adjusted: bigint;
  /** In members' lots, including held points; debts of members are not deducted. */
  readonly outstanding: bigint;
  /** Owed by members after reversals. */
  readonly debt: bigint;
  /** The part of `outstanding` that holds set aside. */
  readonly held: bigint;
  /** Past the last day, but not yet moved to the expired points. */
  readonly lapsed: bigint;
  /** `outstanding` by the month of the last day, earliest first; null for points without an end. */
  readonly byMonth: readonly { readonly month: string | null; readonly amount: bigint }[];
  /** Value of one point in the settlement currency. */
  readonly pointValue: string;
  /** `outstanding` in minor units of the settlement currency. */
  readonly value: bigint;
  readonly breakage: Breakage;
}

/** How many points with an end will end unused, if the future is like the past. */
interface Breakage {
  /** Points with an end that were redeemed, captured or converted away, less reversals. */
  readonly redeemed: bigint;
  readonly expired: bigint;
  /** expired ÷ (expired + redeemed); null while no point with an end was used or expired. */
  readonly rate: string | null;
  /** The part of `outstanding` that has an end. */
  readonly ending: bigint;
  /** ending × rate, rounded toward zero. */
  readonly estimate: bigint | null;
}

/** A liability report. */
export interface Liability {
  readonly at: Date;
  /** Decimals of `value`. */
  readonly settlementScale: number;
  readonly settlementCode: string;
  readonly rulebookVersion: number;
  readonly platforms: readonly PlatformLiability[];
}

/** The formula of the estimate, in words. */
export const BREAKAGE_FORMULA =
  'estimate = ending × expired ÷ (expired + redeemed), where redeemed and expired count ' +
  'points that had an end, and ending is what is outstanding with an end';

/** The parts of the program that a report needs. */
export interface LiabilityParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly valuation: Pick<Valuation, 'rulebook'>;
}

/** Most rows of a bucket that one statement reads, so that no statement takes long. */
const WINDOW = 50_000n;

/** Makes the report of one platform or of all. Reads every row once. */
export async function reportLiability(
  { pool, clock, valuation }: LiabilityParts,
  platformId?: PlatformId,
): Promise<Liability> {
  const rulebook = valuation.rulebook();
  const today = rulebook.calendar.dayOf(clock.now());
  return dbTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    await client.query('set local statement_timeout = 0; set local jit = off');
    const { rows: assets } = await client.query<AssetRow>(
      `select asset_id, code, scale, platform_id, kind from ledger.asset
          where kind = 'settlement' or (kind = 'points' and ($1::text is null or platform_id = $1))
          order by code`,
      [platformId ?? null],
    );
    const { rows: buckets } = await client.query<{ bucket: number; sequence: bigint }>(
      'select bucket, sequence from ledger.bucket order by bucket',
    );
    const sums = new Map(
      assets.flatMap((asset) =>
        asset.kind === 'points' ? [[asset.asset_id, new Sums()] as const] : [],
      ),
    );
    for (const { bucket, sequence } of buckets) {
      await addAccounts(client, bucket, today, sums);
      for (let after = 0n; after < sequence; after += WINDOW)
        await addFlows(client, bucket, after, sums);
    }
    const settlement = assets.find(({ kind }) => kind === 'settlement');
    assert(settlement !== undefined, 'a network has a settlement currency');
    return {
      at: new Date(clock.now()),
      settlementScale: settlement.scale,
      settlementCode: settlement.code,
      rulebookVersion: rulebook.version,
      platforms: assets.flatMap((asset) => {
        const found = sums.get(asset.asset_id);
        return found === undefined || asset.platform_id === null
          ? []
          : [
              describe(
                asset.platform_id,
                asset.scale,
                found,
                pointValue(rulebook.document, asset.platform_id),
                settlement.scale,
              ),
            ];
      }),
    };
  });
}

interface AssetRow {
  readonly asset_id: number;
  readonly code: string;
  readonly scale: number;
  readonly platform_id: PlatformId | null;
  readonly kind: 'points' | 'settlement';
}

/** The sums of one asset while rows are read. */
class Sums {
  /** Posted balance by purpose. */
  readonly balances = new Map<string, bigint>();
  readonly months = new Map<string, bigint>();
  held = 0n;
  lapsed = 0n;
  convertedIn = 0n;
  convertedAway = 0n;
  endingUsed = 0n;

  of(purpose: string): bigint {
    return this.balances.get(purpose) ?? 0n;
  }
}

const NO_END = 'never';

/**
 * Adds up accounts. Held points past their last day still count, as they do in a member's balance.
 */
async function addAccounts(
  client: DbClient,
  bucket: number,
  today: Day,
  sums: ReadonlyMap<number, Sums>,
): Promise<void> {
  const { rows } = await client.query<{
    asset_id: number;
    purpose: string;
    month: string | null;
    posted: string;
    pending: string;
    lapsed: string;
  }>(
    `select asset_id, purpose, case when purpose <> 'lot' then null when expires_on = 'infinity'
        then '${NO_END}' else to_char(expires_on, 'YYYY-MM') end as month,
            sum(credits_posted::numeric - debits_posted)::text as posted,
              sum(debits_pending::numeric)::text as pending,
            coalesce(sum(credits_posted::numeric - debits_posted - debits_pending) filter
              (where purpose = 'lot' and expires_on < $2), 0)::text as lapsed
       from ledger.account where bucket = $1 and asset_id = any($3) group by 1, 2, 3`,
    [bucket, today, [...sums.keys()]],
  );
  for (const row of rows) {
    const sum = sums.get(row.asset_id);
    if (sum === undefined) continue;
    sum.balances.set(row.purpose, sum.of(row.purpose) + BigInt(row.posted));
    if (row.purpose !== 'lot' || row.month === null) continue;
    const lapsed = BigInt(row.lapsed);
    sum.held += BigInt(row.pending);
    sum.lapsed += lapsed;
    sum.months.set(row.month, (sum.months.get(row.month) ?? 0n) + BigInt(row.posted) - lapsed);
  }
}

/**
 * Adds up what accounts alone do not show: which of the redeemed and issued points were converted,
 * and how many points with an end were used.
 */
async function addFlows(
  client: DbClient,
  bucket: number,
  after: bigint,
  sums: ReadonlyMap<number, Sums>,
): Promise<void> {
  const { rows } = await client.query<{
    asset_id: number;
    away: string;
    made: string;
    used: string;
  }>(
    `select a.asset_id,
            coalesce(sum(e.amount::numeric) filter (where a.purpose = 'redeemed'
              and t.is_conversion), 0)::text as away,
            coalesce(-sum(e.amount::numeric) filter (where a.purpose = 'issued'
              and t.is_conversion), 0)::text as made,
            coalesce(-sum(e.amount::numeric) filter (where a.purpose = 'lot'
              and a.expires_on <> 'infinity' and a.asset_id = t.asset_id
              -- Points that a reversal took out of the expired ones pass through their lot, but
              -- were never used.
              and case t.kind when 'reverse' then e.amount > 0
                and (t.is_conversion
                or (t.counterparty_id is null
                and (t.target_asset_id is not null
                or not coalesce(t.details, '{}') ? 'from_expired')))
                  else e.amount < 0 end), 0)::text as used
       from (select t.*, x.kind = 'points' and t.kind in ('conversion', 'reverse') as is_conversion
               from ledger.transaction t left join ledger.asset x on x.asset_id = t.target_asset_id
              where t.bucket = $1 and t.sequence > $2 and t.sequence <= $3
                and t.kind in ('conversion', 'redeem', 'capture', 'reverse')) t
      cross join lateral unnest(t.account_ids, t.amounts) with ordinality e (account_id, amount,
        position)
       join ledger.account a on a.bucket = $1 and a.account_id = e.account_id
      where a.asset_id = any($4) and a.purpose in ('lot', 'redeemed', 'issued')
        and coalesce(substr(t.layers, e.position::integer, 1), 'p') = 'p'
      group by a.asset_id`,
    [bucket, after, after + WINDOW, [...sums.keys()]],
  );
  for (const { asset_id, away, made, used } of rows) {
    const sum = sums.get(asset_id);
    if (sum === undefined) continue;
    sum.convertedAway += BigInt(away);
    sum.convertedIn += BigInt(made);
    sum.endingUsed += BigInt(used);
  }
}

function describe(
  platformId: PlatformId,
  scale: number,
  sums: Sums,
  worth: Ratio,
  settlementScale: number,
): PlatformLiability {
  const outstanding = sums.of('lot') - sums.lapsed;
  const ending = outstanding - (sums.months.get(NO_END) ?? 0n);
  const expired = sums.of('expired');
  const history = expired + sums.endingUsed;
  const rate = { numerator: expired, denominator: history };
  const byMonth = [...sums.months]
    .filter(([, amount]) => amount !== 0n)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    platformId,
    scale,
    outstanding,
    expired,
    convertedIn: sums.convertedIn,
    convertedAway: sums.convertedAway,
    issued: -sums.of('issued') - sums.convertedIn,
    redeemed: sums.of('redeemed') - sums.convertedAway,
    fees: sums.of('fee'),
    clawedBack: sums.of('clawback'),
    adjusted: -sums.of('adjustment'),
    debt: -sums.of('debt'),
    held: sums.held,
    lapsed: sums.lapsed,
    byMonth: byMonth.map(([month, amount]) => ({ month: month === NO_END ? null : month, amount })),
    pointValue: formatRatio(worth),
    value: scaleDown(outstanding, {
      numerator: worth.numerator * 10n ** BigInt(settlementScale),
      denominator: worth.denominator * 10n ** BigInt(scale),
    }),
    breakage: {
      redeemed: sums.endingUsed,
      expired,
      ending,
      rate: history > 0n ? formatRatio(rate) : null,
      estimate: history > 0n ? scaleDown(ending, rate) : null,
    },
  };
}
