// One version of the rulebook in use: its rules are sorted by the operations and platforms that
// they can apply to, and converted to minor units once for each pair. Next: `evaluate-rules.ts`
// evaluates them for one operation.

import { assert } from '../kernel/assert.ts';
import {
  divideRatio,
  formatRatio,
  multiplyRatio,
  parseRatio,
  reduceRatio,
  scaleDown,
  type Ratio,
} from '../kernel/amount.ts';
import type { Calendar } from '../kernel/calendar.ts';
import {
  networkOwnerId,
  platformOwnerId,
  subjectOwnerId,
  type OwnerId,
  type PlatformId,
} from '../kernel/ids.ts';
import {
  compileInTurns,
  compileRulebook,
  type Compiled,
  type CompiledEarnRule,
  type CompiledReward,
  type CompiledRule,
  type CompiledRulebook,
} from './compile-rulebook.ts';
import { holds } from './conditions.ts';
import { AssetMissing } from './asset-missing.ts';
import { FactClasses, type Classified } from './fact-classes.ts';
import { pointValue, rescale } from './point-value.ts';
import type {
  FeeTerms,
  LimitTerms,
  OperationName,
  RuleKind,
  RulebookDocument,
} from './rulebook-schema.ts';
import type { Scales } from './types.ts';

/**
 * A rule that can apply between two platforms, with the part of its condition that each transaction
 * still has to evaluate.
 */
export interface Candidate<T> {
  readonly item: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /**
   * Parts of the condition whose result is the same for a class of operations; empty after
   * `narrow`.
   */
  readonly classed: CompiledRule['condition']['varying'];
  /** All parts that a transaction has to evaluate, including `classed`. */
  readonly varying: CompiledRule['condition']['varying'];
  readonly terms: T;
}

/** A rate in minor units. */
interface BoundRate {
  readonly rate: Ratio;
  /** What the target platform is owed: settlement minor units for one source minor unit. */
  readonly owed: Ratio;
  readonly text: string;
}

/** A fee or bonus in minor units: a share of the amount, and a flat part. */
export interface BoundCharge {
  readonly on: 'source' | 'target';
  readonly rate: Ratio;
  readonly flat: Ratio;
  readonly minimum: bigint;
  readonly maximum: bigint | undefined;
  readonly text: string;
}

/** A limit in minor units of the measured asset. */
export interface BoundLimit {
  readonly maximum: bigint;
  readonly measure: LimitTerms['measure'];
  readonly per: LimitTerms['per'];
  /** The owner whose use is added up; undefined when each member has an own allowance. */
  readonly ownerId: OwnerId | undefined;
  readonly assetId: number;
  readonly scale: number;
  readonly text: string;
}

/** Everything that can apply to one operation between two platforms, in order of precedence. */
export interface Applicable {
  readonly deny: readonly Candidate<string>[];
  readonly review: readonly Candidate<string>[];
  readonly rates: readonly Candidate<BoundRate>[];
  readonly fees: readonly Candidate<BoundCharge>[];
  readonly bonuses: readonly Candidate<BoundCharge>[];
  readonly limits: readonly Candidate<BoundLimit>[];
  /** The rate of the value model. */
  readonly model: BoundRate;
  /** Value of one source (target) minor unit in settlement minor units. */
  readonly sourceValue: Ratio;
  readonly targetValue: Ratio;
  readonly sourceScale: number;
  readonly targetScale: number;
}

/** The asset id in a version that was never in force: nothing is ever posted with it. */
const NOT_POSTED = -1;
const ZERO: Ratio = { numerator: 0n, denominator: 1n };

/**
 * The code of the asset that counts a limit's allowance. Points of each platform are counted
 * separately.
 */
export function limitAssetCode(
  item: string,
  { measure }: Pick<LimitTerms, 'measure'>,
  source: string,
): string {
  return measure === 'points'
    ? `limit:${item.slice('rules/'.length)}@${source}`
    : `limit:${item.slice('rules/'.length)}`;
}

/** A version of the rulebook, ready to be evaluated. */
export class Rulebook {
  readonly version: number;
  readonly document: RulebookDocument;
  readonly calendar: Calendar;
  readonly earnRules: readonly CompiledEarnRule[];
  readonly rewards: ReadonlyMap<string, CompiledReward>;
  /**
   * Assets of this version by code: rewards, and the units that limits count. Absent for a version
   * that was never in force.
   */
  readonly assetIds: ReadonlyMap<string, number> | undefined;
  /** In order of precedence. */
  readonly rules: readonly CompiledRule[];
  private readonly known = new Map<string, Applicable>();
  private readonly narrowed = new Map<Applicable, Map<string, Applicable>>();
  private readonly classes: FactClasses;

  constructor(
    version: number,
    { document, calendar, rules, earnRules, rewards }: CompiledRulebook,
    assetIds?: ReadonlyMap<string, number>,
  ) {
    this.version = version;
    this.document = document;
    this.calendar = calendar;
    this.rules = rules;
    this.earnRules = earnRules;
    this.rewards = rewards;
    this.assetIds = assetIds;
    this.classes = new FactClasses(rules.map(({ condition }) => condition.literals));
  }

  /** The rulebook of a stored version. Compiles at once. */
  static of(version: number, document: unknown, assetIds?: ReadonlyMap<string, number>): Rulebook {
    return Rulebook.fromCompiled(version, compileRulebook(document), assetIds);
  }

  /** The same in short turns, for a process that serves calls. */
  static async load(
    version: number,
    document: unknown,
    assetIds?: ReadonlyMap<string, number>,
  ): Promise<Rulebook> {
    return Rulebook.fromCompiled(version, await compileInTurns(document), assetIds);
  }

  private static fromCompiled(
    version: number,
    compiled: Compiled,
    assetIds: ReadonlyMap<string, number> | undefined,
  ): Rulebook {
    assert(
      compiled.ok,
      `rulebook ${version} was checked before it was stored: ` +
        `${compiled.ok ? '' : JSON.stringify(compiled.faults)}`,
    );
    return new Rulebook(version, compiled.rulebook, assetIds);
  }

  /**
   * The asset with that code. Throws `AssetMissing` when the version in force does not have it yet,
   * while a platform joins.
   */
  assetOf(code: string): number {
    if (this.assetIds === undefined) return NOT_POSTED;
    const assetId = this.assetIds.get(code);
    if (assetId === undefined) throw new AssetMissing(code);
    return assetId;
  }

  /** What can apply between two platforms. Computed once, because scales of assets never change. */
  between(
    operation: OperationName,
    source: PlatformId,
    target: PlatformId,
    scales: Scales,
  ): Applicable {
    const key = `${operation} ${source} ${target}`;
    let found = this.known.get(key);
    if (found === undefined)
      this.known.set(key, (found = this.bind(operation, source, target, scales)));
    return found;
  }

  /**
   * What can apply to one operation, and the parts of conditions that it still has to evaluate.
   * Computed once for each class of operations.
   */
  narrow(found: Applicable, variables: Classified): Applicable {
    if (this.classes.trivial) return found;
    const key = this.classes.keyOf(variables);
    let byClass = this.narrowed.get(found);
    if (byClass === undefined) this.narrowed.set(found, (byClass = new Map<string, Applicable>()));
    let narrowed = byClass.get(key);
    if (narrowed === undefined) {
      if (byClass.size >= MOST_CLASSES) byClass.clear();
      byClass.set(key, (narrowed = narrow(found, variables)));
    }
    return narrowed;
  }

  private bind(
    operation: OperationName,
    source: PlatformId,
    target: PlatformId,
    scales: Scales,
  ): Applicable {
    const sourceScale = scales.points(source);
    const targetScale = scales.points(target);
    const sourceValue = pointValue(this.document, source);
    const targetValue = pointValue(this.document, target);
    const fixed = { operation, source, target };
    const candidates = <K extends RuleKind, T>(
      kind: K,
      bind: (rule: CompiledRule<K>) => T,
    ): Candidate<T>[] =>
      this.rules
        .filter((rule) => rule.kind === kind && rule.operations.includes(operation))
        .flatMap((rule) => {
          const varying = leftToAsk(
            rule.condition.fixed,
            [...rule.condition.classed, ...rule.condition.varying],
            fixed,
          );
          if (varying === undefined) return [];
          return [
            {
              item: rule.item,
              fromMs: rule.fromMs,
              untilMs: rule.untilMs,
              classed: rule.condition.classed,
              varying,
              terms: bind(rule as unknown as CompiledRule<K>),
            },
          ];
        });
    const boundRate = (rate: Ratio): BoundRate => ({
      rate: reduceRatio(rescale(rate, sourceScale, targetScale)),
      owed: reduceRatio(rescale(multiplyRatio(rate, targetValue), sourceScale, scales.settlement)),
      text: formatRatio(rate),
    });
    const model = divideRatio(sourceValue, targetValue);
    return {
      deny: candidates('deny', (rule) => rule.terms.reason),
      review: candidates('review', (rule) => rule.terms.reason),
      rates: candidates('rate', ({ terms }) =>
        boundRate(
          terms.rate === undefined
            ? multiplyRatio(model, parseRatio(terms.factor ?? '1'))
            : parseRatio(terms.rate),
        ),
      ),
      fees: candidates('fee', ({ terms: { fee } }) =>
        bindCharge(fee, fee.on, fee.on === 'source' ? sourceScale : targetScale),
      ),
      bonuses: candidates('bonus', ({ terms: { bonus } }) =>
        bindCharge(bonus, bonus.paid_by, targetScale),
      ),
      limits: candidates('limit', (rule) =>
        this.bindLimit(rule, source, target, sourceScale, scales.settlement),
      ),
      model: boundRate(model),
      sourceValue: reduceRatio(rescale(sourceValue, sourceScale, scales.settlement)),
      targetValue: reduceRatio(rescale(targetValue, targetScale, scales.settlement)),
      sourceScale,
      targetScale,
    };
  }

  private bindLimit(
    { item, terms: { limit } }: CompiledRule<'limit'>,
    source: PlatformId,
    target: PlatformId,
    sourceScale: number,
    settlementScale: number,
  ): BoundLimit {
    const scale =
      limit.measure === 'points' ? sourceScale : limit.measure === 'value' ? settlementScale : 0;
    const owners = {
      member: undefined,
      platform: platformOwnerId(source),
      pair: subjectOwnerId(`pair/${source}/${target}`),
      network: networkOwnerId(),
    };
    return {
      maximum: scaleDown(10n ** BigInt(scale), parseRatio(limit.maximum)),
      measure: limit.measure,
      per: limit.per,
      ownerId: owners[limit.of],
      scale,
      // A limit on single transactions has no allowance.
      assetId:
        limit.per === 'transaction'
          ? NOT_POSTED
          : this.assetOf(limitAssetCode(item, limit, source)),
      text: `at most ${limit.maximum} ${limit.measure} per ${limit.per} of ${limit.of}`,
    };
  }
}

type Programs = CompiledRule['condition']['varying'];

/**
 * The parts that remain once `decided` parts are evaluated; undefined when the condition cannot
 * hold. A part that fails is evaluated again, and fails, at each transaction.
 */
function leftToAsk(decided: Programs, others: Programs, variables: object): Programs | undefined {
  try {
    return holds(decided, variables) ? others : undefined;
  } catch {
    return [...decided, ...others];
  }
}

/** Most classes that are remembered for two platforms. */
const MOST_CLASSES = 5_000;

function narrow(found: Applicable, variables: object): Applicable {
  const left = <T>(candidates: readonly Candidate<T>[]): Candidate<T>[] =>
    candidates.flatMap((candidate) => {
      if (candidate.classed.length === 0) return [candidate];
      const varying = leftToAsk(
        candidate.classed,
        candidate.varying.filter((program) => !candidate.classed.includes(program)),
        variables,
      );
      return varying === undefined ? [] : [{ ...candidate, classed: [], varying }];
    });
  return {
    ...found,
    deny: left(found.deny),
    review: left(found.review),
    rates: left(found.rates),
    fees: left(found.fees),
    bonuses: left(found.bonuses),
    limits: left(found.limits),
  };
}

/** A fee or bonus in minor units of an asset with `scale` decimals. */
export function bindCharge(
  { rate, flat, maximum, minimum }: Omit<FeeTerms, 'on'>,
  on: BoundCharge['on'],
  scale: number,
): BoundCharge {
  const unit = 10n ** BigInt(scale);
  const parts = [
    rate === undefined ? '' : `${rate} of the amount`,
    flat === undefined ? '' : `${flat} points`,
    minimum === undefined ? '' : `at least ${minimum}`,
    maximum === undefined ? '' : `at most ${maximum}`,
  ];
  return {
    on,
    rate: rate === undefined ? ZERO : reduceRatio(parseRatio(rate)),
    flat:
      flat === undefined
        ? ZERO
        : reduceRatio(multiplyRatio(parseRatio(flat), { numerator: unit, denominator: 1n })),
    minimum: minimum === undefined ? 0n : scaleDown(unit, parseRatio(minimum)),
    maximum: maximum === undefined ? undefined : scaleDown(unit, parseRatio(maximum)),
    text: parts.filter((part) => part !== '').join(', '),
  };
}
