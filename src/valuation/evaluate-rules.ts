// Evaluates the rules for one operation: deny → review → rate → fee → bonus → limit, each kind in
// order of priority. The first deny, review and rate that apply count; fees and bonuses count as
// the settings say; every limit counts. Pure.

import { formatAmountText, scaleDown, smaller, type Ratio } from '../kernel/amount.ts';
import { lastOfMonth, type Calendar } from '../kernel/calendar.ts';
import type { Day } from '../kernel/time.ts';
import { holds, Variables } from './conditions.ts';
import { valuationProblems } from './problems.ts';
import type { Applicable, BoundCharge, BoundLimit, Candidate, Rulebook } from './rulebook.ts';
import type { Applied, Conversion, Facts, LimitUse, Scales, Terms, Verdict } from './types.ts';

/**
 * Thrown when a rule cannot be evaluated. It is caught at the top: the transaction is refused,
 * never allowed.
 */
class RuleFailure extends Error {
  readonly item: string;
  constructor(item: string, cause: unknown) {
    super(`${item}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.item = item;
  }
}

/** One evaluation: its input, and the lines of its explanation if one is wanted. */
interface Asking {
  readonly rulebook: Rulebook;
  readonly facts: Facts;
  readonly found: Applicable;
  readonly variables: Variables;
  readonly applied: Applied[] | undefined;
  readonly note: EvaluateOptions['note'];
}

/** Options of an evaluation. */
export interface EvaluateOptions {
  /** Collect the explanation: one line for each rule that applied. */
  readonly explain?: boolean;
  /** Called with each rule that applied, as `rules/…`: for counting without an explanation. */
  readonly note?: ((item: string) => void) | undefined;
  /** Terms that a quote has locked. Rate, fees and bonuses are then not evaluated. */
  readonly locked?: Terms;
}

const NOTHING: readonly never[] = [];

/** The verdict on a conversion, and its terms. */
export function evaluateConversion(
  rulebook: Rulebook,
  facts: Facts,
  scales: Scales,
  options: EvaluateOptions = {},
): Conversion {
  return evaluate(rulebook, facts, scales, options, (asking) => {
    const verdict = judge(asking);
    if (verdict.type === 'refuse') return verdict;
    const terms = options.locked ?? termsOf(asking);
    return { ...verdict, terms, limits: limitsOf(asking) };
  });
}

/** The verdict on an operation that converts nothing. */
export function evaluateOperation(
  rulebook: Rulebook,
  facts: Facts,
  scales: Scales,
  options: EvaluateOptions = {},
): Verdict {
  return evaluate(rulebook, facts, scales, options, (asking) => {
    const verdict = judge(asking);
    return verdict.type === 'refuse' ? verdict : { ...verdict, limits: limitsOf(asking) };
  });
}

type Refusal = Extract<Verdict, { readonly type: 'refuse' }>;

function evaluate<T>(
  rulebook: Rulebook,
  facts: Facts,
  scales: Scales,
  { explain = false, note }: EvaluateOptions,
  ask: (asking: Asking) => T,
): T | Refusal {
  const all = rulebook.between(facts.operation, facts.source, facts.target, scales);
  const value = Number(scaleDown(facts.amount, all.sourceValue)) / 10 ** scales.settlement;
  const variables = new Variables(facts, rulebook.calendar, all.sourceScale, value);
  const applied: Applied[] | undefined = explain ? [] : undefined;
  const asking = {
    rulebook,
    facts,
    found: rulebook.narrow(all, variables),
    applied,
    note,
    variables,
  };
  try {
    return ask(asking);
  } catch (failure) {
    if (failure instanceof RuleFailure) {
      return {
        type: 'refuse',
        problem: valuationProblems.rule_failed(`${failure.message}.`, { rule: failure.item }),
        applied: applied ?? NOTHING,
      };
    }
    if (failure instanceof Refused)
      return { type: 'refuse', problem: failure.problem, applied: applied ?? NOTHING };
    throw failure;
  }
}

/** Thrown when a limit of a single transaction is exceeded in the middle of an evaluation. */
class Refused extends Error {
  readonly problem: LimitUse['otherwise'];
  constructor(problem: LimitUse['otherwise']) {
    super(problem.code);
    this.problem = problem;
  }
}

function judge(asking: Asking): Verdict {
  const applied = asking.applied ?? NOTHING;
  const denied = firstOf(asking, asking.found.deny);
  if (denied !== undefined) {
    explain(asking, denied, 'deny', () => denied.terms);
    return {
      type: 'refuse',
      problem: valuationProblems.operation_denied(`${denied.terms}.`, { rule: denied.item }),
      applied,
    };
  }
  const review = firstOf(asking, asking.found.review);
  if (review === undefined) return { type: 'allow', limits: NOTHING, applied };
  explain(asking, review, 'review', () => review.terms);
  return { type: 'review', item: review.item, reason: review.terms, limits: NOTHING, applied };
}

function termsOf(asking: Asking): Terms {
  const {
    rulebook: {
      document: { settings },
    },
    facts: { amount, source },
    found,
  } = asking;
  const rule = firstOf(asking, found.rates);
  const { rate, owed, text } = rule?.terms ?? found.model;
  if (rule !== undefined)
    explain(asking, rule, 'rate', () => `${text} instead of ${found.model.text}`);
  else asking.applied?.push({ item: `platforms/${source}`, kind: 'value', effect: `rate ${text}` });

  let fee = 0n;
  let targetFee = 0n;
  const charges = chosen(asking, found.fees, settings.fees);
  for (const charge of charges) {
    if (charge.terms.on !== 'source') continue;
    const own = smaller(feeOn(charge.terms, amount), amount - fee);
    fee += own;
    explain(
      asking,
      charge,
      'fee',
      () => `${points(own, found.sourceScale)} source points kept (${charge.terms.text})`,
    );
  }
  const moved = amount - fee;
  const gross = scaleDown(moved, rate);
  for (const charge of charges) {
    if (charge.terms.on !== 'target') continue;
    const own = smaller(feeOn(charge.terms, gross), gross - targetFee);
    targetFee += own;
    explain(
      asking,
      charge,
      'fee',
      () => `${points(own, found.targetScale)} target points kept (${charge.terms.text})`,
    );
  }
  let bonus = 0n;
  let bonusWorth = 0n;
  for (const extra of chosen(asking, found.bonuses, settings.bonuses)) {
    const own = bonusOn(extra.terms, gross);
    bonus += own;
    if (extra.terms.on === 'source') bonusWorth += scaleDown(own, found.targetValue);
    explain(
      asking,
      extra,
      'bonus',
      () =>
        `${points(own, found.targetScale)} target points added (${extra.terms.text}), paid by ` +
        `${extra.terms.on}`,
    );
  }
  const worth = scaleDown(moved, owed);
  const due = scaleDown(gross, found.targetValue);
  return {
    fee,
    gross,
    targetFee,
    bonus,
    credited: gross - targetFee + bonus,
    owed: worth + bonusWorth,
    due: due + bonusWorth,
    remainder: worth - due,
    rate: text,
  };
}

/**
 * What a fee keeps, rounded up. Otherwise splitting a transfer into small amounts would avoid a fee
 * that the arbitrage guard relies on.
 */
function feeOn(terms: BoundCharge, amount: bigint): bigint {
  return chargeOn(terms, amount, terms.rate.denominator * terms.flat.denominator - 1n);
}

/** What a bonus adds, rounded toward zero. */
function bonusOn(terms: BoundCharge, amount: bigint): bigint {
  return chargeOn(terms, amount, 0n);
}

/** share × amount + flat, within minimum and maximum. */
function chargeOn(
  { rate, flat, minimum, maximum }: BoundCharge,
  amount: bigint,
  roundingUp: bigint,
): bigint {
  const numerator = amount * rate.numerator * flat.denominator + flat.numerator * rate.denominator;
  const charge = (numerator + roundingUp) / (rate.denominator * flat.denominator);
  const least = charge < minimum ? minimum : charge;
  return maximum === undefined ? least : smaller(least, maximum);
}

function limitsOf(asking: Asking): readonly LimitUse[] {
  const { found, facts, rulebook } = asking;
  if (found.limits.length === 0) return NOTHING;
  const uses: LimitUse[] = [];
  for (const limit of found.limits) {
    if (!applies(asking, limit)) continue;
    const { terms } = limit;
    const use = useOf(terms, facts.amount, found.sourceValue);
    explain(asking, limit, 'limit', () => `${points(use, terms.scale)} of ${terms.text}`);
    const until = periodEnd(terms.per, rulebook.calendar, facts.atMs);
    const otherwise = valuationProblems.limit_exceeded(`The limit is ${terms.text}.`, {
      rule: limit.item,
      maximum: points(terms.maximum, terms.scale),
      measure: terms.measure,
      ...(until === undefined ? {} : { period_ends: until }),
    });
    if (use > terms.maximum) throw new Refused(otherwise);
    if (until === undefined) continue;
    uses.push({
      item: limit.item,
      assetId: terms.assetId,
      ownerId: terms.ownerId ?? facts.memberId,
      shared: terms.ownerId !== undefined,
      until,
      use,
      maximum: terms.maximum,
      otherwise,
    });
  }
  return uses;
}

function useOf({ measure }: BoundLimit, amount: bigint, value: Ratio): bigint {
  switch (measure) {
    case 'points':
      return amount;
    case 'value':
      return scaleDown(amount, value);
    case 'count':
      return 1n;
  }
}

/** The last day of the period; undefined for a limit on single transactions. */
function periodEnd(per: BoundLimit['per'], calendar: Calendar, atMs: number): Day | undefined {
  switch (per) {
    case 'transaction':
      return undefined;
    case 'day':
      return calendar.dayOf(atMs);
    case 'month':
      return lastOfMonth(calendar.dayOf(atMs));
  }
}

function firstOf<T>(asking: Asking, candidates: readonly Candidate<T>[]): Candidate<T> | undefined {
  for (const candidate of candidates) if (applies(asking, candidate)) return candidate;
  return undefined;
}

function chosen<T>(
  asking: Asking,
  candidates: readonly Candidate<T>[],
  which: 'first' | 'all',
): readonly Candidate<T>[] {
  if (candidates.length === 0) return NOTHING;
  if (which === 'all') return candidates.filter((candidate) => applies(asking, candidate));
  const first = firstOf(asking, candidates);
  return first === undefined ? NOTHING : [first];
}

function applies({ facts, variables }: Asking, candidate: Candidate<unknown>): boolean {
  if (facts.atMs < candidate.fromMs || facts.atMs >= candidate.untilMs) return false;
  if (candidate.varying.length === 0) return true;
  try {
    return holds(candidate.varying, variables);
  } catch (cause) {
    throw new RuleFailure(candidate.item, cause);
  }
}

/** Records a rule that applied. The text is made only when an explanation is wanted. */
function explain(
  { applied, note }: Asking,
  { item }: Candidate<unknown>,
  kind: Applied['kind'],
  effect: () => string,
): void {
  note?.(item);
  applied?.push({ item, kind, effect: effect() });
}

function points(minor: bigint, scale: number): string {
  return formatAmountText(minor, scale);
}
