// Evaluates another rulebook for transactions that were posted, and sums up the differences by
// platform. Before this: `replay-rows.ts` reads the transactions in the order of time. After this:
// `views/backtest.ts` describes the sums.

import type { Identity } from '../identity/identity.ts';
import { assert } from '../kernel/assert.ts';
import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import { DAY_MS, type Clock } from '../kernel/time.ts';
import type { Asset, Ledger } from '../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import {
  evaluateConversion,
  evaluateOperation,
  type Applied,
  type Facts,
  type OperationName,
  type Rulebook,
  type Scales,
  type Terms,
  type Verdict,
} from '../valuation/valuation.ts';
import { LimitUsage } from './limit-usage.ts';
import { replayRows, type ReplayRow } from './replay-rows.ts';
import { MAX_BACKTEST_DAYS } from './options.ts';

/** The result for one transaction. `reviewed`: held for an operator's decision. */
type BacktestOutcome =
  | 'posted'
  | 'reviewed'
  | 'denied'
  | 'over_limit'
  | 'rule_failed'
  | 'too_small';

/** How many transactions a rule refused or reviewed, by rule. */
type CountByRule = Readonly<Record<string, number>>;

/**
 * Conversions to one platform. In minor units: fees in the source's points, everything else in the
 * target's.
 */
interface ConversionSums {
  readonly targetPlatformId: PlatformId;
  readonly feeBefore: bigint;
  readonly feeAfter: bigint;
  readonly creditedBefore: bigint;
  readonly creditedAfter: bigint;
  readonly targetFeeBefore: bigint;
  readonly targetFeeAfter: bigint;
}

/** All transactions that moved a platform's points first. */
export interface PlatformBacktest {
  readonly platformId: PlatformId;
  readonly transactions: number;
  readonly changed: number;
  readonly amount: bigint;
  readonly denied: CountByRule;
  readonly reviewed: CountByRule;
  readonly overLimit: CountByRule;
  readonly ruleFailures: CountByRule;
  readonly tooSmall: number;
  readonly conversions: readonly ConversionSums[];
}

/** The result of one transaction under one rulebook. */
export interface BacktestSide {
  readonly outcome: BacktestOutcome;
  /** The rule that refused or reviewed it. */
  readonly rule?: string | undefined;
  /** For a conversion that is posted or reviewed. */
  readonly terms?: Pick<Terms, 'fee' | 'credited' | 'targetFee' | 'bonus'> | undefined;
}

/** A transaction whose result differs. */
export interface BacktestExample {
  readonly transactionId: TransactionId;
  readonly postedAtMs: number;
  readonly operation: OperationName;
  readonly platformId: PlatformId;
  readonly targetPlatformId: PlatformId;
  readonly amount: bigint;
  readonly before: BacktestSide;
  readonly after: BacktestSide;
  /** The rules of the other rulebook that applied. */
  readonly applied: readonly Applied[];
}

/** The result of a backtest. */
export interface Backtest {
  readonly fromMs: number;
  readonly untilMs: number;
  /**
   * False when there were more rows than allowed. Then the result covers less time than until
   * `untilMs`.
   */
  readonly complete: boolean;
  readonly transactions: number;
  readonly changed: number;
  /**
   * Transactions that were not evaluated: reversed ones, and holds that were released or expired.
   */
  readonly leftOut: { readonly reversed: number; readonly released: number };
  readonly platforms: readonly PlatformBacktest[];
  /** How often each rule applied, most frequent first. */
  readonly rules: readonly { readonly item: string; readonly applied: number }[];
  readonly examples: readonly BacktestExample[];
}

/** The parts of the program that a backtest needs. */
export interface BacktestParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly identity: Pick<Identity, 'listTags'>;
  readonly ledger: Pick<Ledger, 'assets' | 'settlementAsset'>;
}

/** Options of a backtest. */
export interface BacktestOptions {
  /** Days before now, 1 to 400; 30 by default. */
  readonly days?: number | undefined;
  /** Most rows to read, by default 10 million. */
  readonly maxRows?: number | undefined;
}

const DEFAULT_DAYS = 30;
const DEFAULT_ROWS = 10_000_000;
const EXAMPLES = 20;
/** Most examples with the same outcome, so that a frequent outcome does not hide the others. */
const EXAMPLES_OF_ONE = 6;

/**
 * Runs a backtest; it only reads. The rulebook need not be in force. A rulebook that was never in
 * force counts its limits without assets.
 */
export async function backtest(
  rulebook: Rulebook,
  parts: BacktestParts,
  { days = DEFAULT_DAYS, maxRows = DEFAULT_ROWS }: BacktestOptions = {},
): Promise<Backtest> {
  assert(days >= 1 && days <= MAX_BACKTEST_DAYS, 'the period is 1 to 400 days');
  // The period includes transactions that are posted at this moment.
  const untilMs = parts.clock.now() + 1;
  const range = { fromMs: untilMs - days * DAY_MS, untilMs, maxRows };
  const replay = new Replay(
    rulebook,
    parts.ledger,
    asksForTags(rulebook) ? await loadTags(parts.identity) : undefined,
  );
  return dbTransaction(parts.pool, async (client) => {
    const complete = await replayRows(client, range, (row, bucket) => replay.look(row, bucket));
    return replay.result(client, range, complete);
  });
}

type TagsByMember = ReadonlyMap<PlatformId, ReadonlyMap<MemberId, readonly string[]>>;

function asksForTags({ document: { rules } }: Rulebook): boolean {
  return Object.values(rules).some(({ when }) => when?.includes('tags') === true);
}

async function loadTags(identity: BacktestParts['identity']): Promise<TagsByMember> {
  const known = new Map<PlatformId, Map<MemberId, readonly string[]>>();
  for (const { platformId, memberId, tags } of await identity.listTags()) {
    let members = known.get(platformId);
    if (members === undefined) known.set(platformId, (members = new Map()));
    members.set(memberId, tags);
  }
  return known;
}

type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** The sums of one platform while rows are read. */
class Sums {
  readonly platformId: PlatformId;
  readonly denied: Record<string, number> = {};
  readonly reviewed: Record<string, number> = {};
  readonly overLimit: Record<string, number> = {};
  readonly ruleFailures: Record<string, number> = {};
  readonly pairs = new Map<PlatformId, Changing<ConversionSums>>();
  transactions = 0;
  changed = 0;
  tooSmall = 0;
  amount = 0n;

  constructor(platformId: PlatformId) {
    this.platformId = platformId;
  }

  pair(targetPlatformId: PlatformId): Changing<ConversionSums> {
    let pair = this.pairs.get(targetPlatformId);
    if (pair === undefined) {
      pair = {
        targetPlatformId,
        feeBefore: 0n,
        feeAfter: 0n,
        creditedBefore: 0n,
        creditedAfter: 0n,
        targetFeeBefore: 0n,
        targetFeeAfter: 0n,
      };
      this.pairs.set(targetPlatformId, pair);
    }
    return pair;
  }

  count({ outcome, rule = '' }: BacktestSide): void {
    switch (outcome) {
      case 'posted':
        return;
      case 'too_small':
        this.tooSmall += 1;
        return;
      case 'denied':
        return countIn(this.denied, rule);
      case 'reviewed':
        return countIn(this.reviewed, rule);
      case 'over_limit':
        return countIn(this.overLimit, rule);
      case 'rule_failed':
        return countIn(this.ruleFailures, rule);
    }
  }

  result(): PlatformBacktest {
    const {
      platformId,
      transactions,
      changed,
      amount,
      denied,
      reviewed,
      overLimit,
      ruleFailures,
      tooSmall,
    } = this;
    return {
      platformId,
      transactions,
      changed,
      amount,
      denied,
      reviewed,
      overLimit,
      ruleFailures,
      tooSmall,
      conversions: [...this.pairs.values()],
    };
  }
}

function countIn(counts: Record<string, number>, rule: string): void {
  counts[rule] = (counts[rule] ?? 0) + 1;
}

const NO_TAGS: readonly string[] = [];
const POSTED: BacktestSide = { outcome: 'posted' };
const TOO_SMALL: BacktestSide = { outcome: 'too_small' };

class Replay {
  private readonly rulebook: Rulebook;
  private readonly assets: ReadonlyMap<number, Asset>;
  private readonly scales: Scales;
  private readonly tags: TagsByMember | undefined;
  private readonly usage: LimitUsage;
  private readonly sums = new Map<PlatformId, Sums>();
  private readonly applied = new Map<string, number>();
  private readonly examples: (Omit<BacktestExample, 'transactionId'> & {
    readonly bucket: number;
    readonly sequence: bigint;
  })[] = [];
  private readonly leftOut = { reversed: 0, released: 0 };
  private readonly options = {
    note: (item: string): void => void this.applied.set(item, (this.applied.get(item) ?? 0) + 1),
  };

  constructor(rulebook: Rulebook, ledger: BacktestParts['ledger'], tags: TagsByMember | undefined) {
    this.rulebook = rulebook;
    this.assets = new Map(ledger.assets().map((asset) => [asset.assetId, asset]));
    const scaleOf = new Map(
      ledger
        .assets()
        .filter(({ kind }) => kind === 'points')
        .map(({ platformId, scale }) => [platformId, scale]),
    );
    this.scales = {
      points: (platformId) => scaleOf.get(platformId) ?? 2,
      settlement: ledger.settlementAsset().scale,
    };
    this.tags = tags;
    this.usage = new LimitUsage(rulebook.document);
  }

  look(row: ReplayRow, bucket: number): void {
    if (row.is_reversed === true) {
      this.leftOut.reversed += 1;
      return;
    }
    const isHold = row.kind === 'hold';
    /** Held by a review rule, and not approved by an operator. */
    const isWaiting = isHold && row.target_asset_id !== null;
    // An approved one has its own row, which states its result.
    if (isWaiting && row.hold_state === 'captured') return;
    if (isHold && !isWaiting && (row.hold_state === 'released' || row.hold_state === 'expired')) {
      this.leftOut.released += 1;
      return;
    }
    const facts = this.factsOf(row, isWaiting);
    if (facts === undefined) return;
    const sums = this.sumsOf(facts.source);
    const isConversion = facts.operation === 'conversion';
    const wasReviewed = isWaiting || (!isHold && row.let_pass);

    let terms: Terms | undefined;
    let verdict: Verdict;
    if (isConversion) {
      const conversion = evaluateConversion(this.rulebook, facts, this.scales, this.options);
      if (conversion.type !== 'refuse') ({ terms } = conversion);
      verdict = conversion;
    } else {
      verdict = evaluateOperation(this.rulebook, facts, this.scales, this.options);
    }
    const came = row.captured !== null && row.hold_state === 'captured' ? row.captured : row.amount;
    const after = this.outcomeOf(verdict, terms, facts.source, isWaiting, came, row.amount);

    const goesOn = after.outcome === 'posted' || (after.outcome === 'reviewed' && !isWaiting);
    const targetFee = minorUnits(row.target_fee);
    let isSame =
      (after.outcome === 'reviewed') === wasReviewed &&
      (goesOn || (isWaiting && after.outcome === 'reviewed'));
    if (isConversion) {
      const pair = sums.pair(facts.target);
      if (!isWaiting) {
        pair.feeBefore += row.fee ?? 0n;
        pair.creditedBefore += row.credited ?? 0n;
        pair.targetFeeBefore += targetFee;
      }
      if (goesOn && terms !== undefined) {
        pair.feeAfter += terms.fee;
        pair.creditedAfter += terms.credited;
        pair.targetFeeAfter += terms.targetFee;
        isSame &&=
          terms.fee === row.fee &&
          terms.credited === row.credited &&
          terms.targetFee === targetFee &&
          terms.bonus === minorUnits(row.bonus);
      }
    }
    sums.transactions += 1;
    sums.amount += row.amount;
    sums.count(after);
    if (isSame) return;
    sums.changed += 1;
    this.show(row, bucket, facts, isWaiting, wasReviewed, after, goesOn ? terms : undefined);
  }

  private outcomeOf(
    verdict: Verdict,
    terms: Terms | undefined,
    source: string,
    isWaiting: boolean,
    came: bigint,
    asked: bigint,
  ): BacktestSide {
    if (verdict.type === 'refuse') {
      const { code, extra } = verdict.problem;
      return {
        outcome:
          code === 'operation_denied'
            ? 'denied'
            : code === 'limit_exceeded'
              ? 'over_limit'
              : 'rule_failed',
        rule: String(extra['rule'] ?? code),
      };
    }
    if (terms !== undefined && (terms.credited <= 0n || terms.owed <= 0n)) return TOO_SMALL;
    // A transaction that waits for an operator has not used its limits yet.
    if (verdict.limits.length > 0 && !(isWaiting && verdict.type === 'review')) {
      const full = this.usage.draw(verdict.limits, source, came, asked);
      if (full !== undefined) return { outcome: 'over_limit', rule: full.item };
    }
    return verdict.type === 'review' ? { outcome: 'reviewed', rule: verdict.item } : POSTED;
  }

  private factsOf(row: ReplayRow, isWaiting: boolean): Facts | undefined {
    const source = this.assets.get(row.asset_id)?.platformId;
    if (source === null || source === undefined) return undefined;
    const targetAsset =
      row.target_asset_id === null ? undefined : this.assets.get(row.target_asset_id);
    const isAcross = row.kind === 'conversion' || isWaiting;
    const target = isAcross ? (targetAsset?.platformId ?? source) : source;
    return {
      operation: isWaiting ? (target === source ? 'transfer' : 'conversion') : row.kind,
      source,
      target,
      memberId: row.member_id,
      amount: row.amount,
      category: row.category ?? '',
      tags: this.tags?.get(source)?.get(row.member_id) ?? NO_TAGS,
      reward:
        row.kind === 'redeem' && targetAsset !== undefined
          ? targetAsset.code.slice(targetAsset.code.indexOf('/') + 1)
          : '',
      atMs: Math.round(row.posted * 1000),
    };
  }

  private sumsOf(platformId: PlatformId): Sums {
    let sums = this.sums.get(platformId);
    if (sums === undefined) this.sums.set(platformId, (sums = new Sums(platformId)));
    return sums;
  }

  private show(
    row: ReplayRow,
    bucket: number,
    facts: Facts,
    isWaiting: boolean,
    wasReviewed: boolean,
    after: BacktestSide,
    terms: Terms | undefined,
  ): void {
    if (
      this.examples.length >= EXAMPLES ||
      this.examples.filter((one) => one.after.outcome === after.outcome).length >= EXAMPLES_OF_ONE
    )
      return;
    const explained =
      facts.operation === 'conversion'
        ? evaluateConversion(this.rulebook, facts, this.scales, { explain: true })
        : evaluateOperation(this.rulebook, facts, this.scales, { explain: true });
    const was: BacktestSide = {
      outcome: wasReviewed ? 'reviewed' : 'posted',
      terms:
        facts.operation === 'conversion' && !isWaiting
          ? {
              fee: row.fee ?? 0n,
              credited: row.credited ?? 0n,
              targetFee: minorUnits(row.target_fee),
              bonus: minorUnits(row.bonus),
            }
          : undefined,
    };
    this.examples.push({
      bucket,
      sequence: row.sequence,
      postedAtMs: facts.atMs,
      operation: facts.operation,
      platformId: facts.source,
      targetPlatformId: facts.target,
      amount: row.amount,
      before: was,
      after: { ...after, terms },
      applied: explained.applied,
    });
  }

  async result(
    client: DbClient,
    { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
    complete: boolean,
  ): Promise<Backtest> {
    const platforms = [...this.sums.values()]
      .map((sums) => sums.result())
      .toSorted((a, b) => (a.platformId < b.platformId ? -1 : 1));
    const examples: BacktestExample[] = [];
    for (const { bucket, sequence, ...example } of this.examples) {
      const {
        rows: [row],
      } = await client.query<{ transaction_id: TransactionId }>(
        'select transaction_id from ledger.transaction where bucket = $1 and sequence = $2',
        [bucket, sequence],
      );
      if (row !== undefined) examples.push({ transactionId: row.transaction_id, ...example });
    }
    return {
      fromMs,
      untilMs,
      complete,
      transactions: platforms.reduce((sum, platform) => sum + platform.transactions, 0),
      changed: platforms.reduce((sum, platform) => sum + platform.changed, 0),
      leftOut: this.leftOut,
      platforms,
      examples,
      rules: [...this.applied]
        .map(([item, applied]) => ({ item, applied }))
        .toSorted((a, b) => b.applied - a.applied || (a.item < b.item ? -1 : 1)),
    };
  }
}

/** Minor units in a detail of a row, which is text; 0 when there is none. */
function minorUnits(text: string | null): bigint {
  return text === null || !/^\d{1,18}$/.test(text) ? 0n : BigInt(text);
}
