// Compiles a rulebook document into the form that is used at every transaction, or lists all faults
// of the document. Compiled once for each version. Pure; in a process that serves calls it works in
// short turns. Before this: `check-document.ts`. After this: `rulebook.ts` sorts the rules by the
// operations and platforms that they can apply to.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareRatio, parseRatio } from '../kernel/amount.ts';
import { Calendar, isTimeZone } from '../kernel/calendar.ts';
import { isDay, parseMoment } from '../kernel/time.ts';
import { ALWAYS, createConditionCompiler, isFault, type Condition } from './conditions.ts';
import { checkDocument } from './check-document.ts';
import type { OperationName, RuleKind, RulebookDocument, RuleTerms } from './rulebook-schema.ts';
import type { Fault } from './types.ts';

/** When an item applies. */
interface Placed {
  /** `rules/<id>`, `earn/<id>` or `rewards/<platform>/<id>`. */
  readonly item: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly condition: Condition;
}

/** A rule ready to be evaluated. */
export interface CompiledRule<K extends RuleKind = RuleKind> extends Placed {
  readonly kind: K;
  readonly operations: readonly OperationName[];
  readonly terms: Extract<RuleTerms, { readonly kind: K }>;
}

/** An earn rule ready to be evaluated. */
export interface CompiledEarnRule extends Placed {
  readonly platform: string;
  readonly category: string | undefined;
  readonly rate: string;
  readonly maximum: string | undefined;
}

/** The condition and window of one reward; the catalogue itself is read from the document. */
export type CompiledReward = Placed;

/** A whole rulebook, compiled. */
export interface CompiledRulebook {
  readonly document: RulebookDocument;
  readonly calendar: Calendar;
  /** In order of precedence. */
  readonly rules: readonly CompiledRule[];
  readonly earnRules: readonly CompiledEarnRule[];
  readonly rewards: ReadonlyMap<string, CompiledReward>;
}

/** The compiled rulebook, or the faults of the document. */
export type Compiled =
  | { readonly ok: true; readonly rulebook: CompiledRulebook }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const DEFAULT_PRIORITY = 1_000;
/** Operations of a rule that names none. */
const CONVERSIONS: readonly OperationName[] = ['conversion'];

/** Compiles without pauses: for threads and for commands that serve no calls. */
export function compileRulebook(value: unknown): Compiled {
  const steps = compileSteps(value);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Longest time, in milliseconds, that compiling may block a process that serves calls. */
const TURN_MS = 8;

/** Compiles in turns of a few milliseconds, for a process that serves calls. */
export async function compileInTurns(value: unknown): Promise<Compiled> {
  const steps = compileSteps(value);
  for (let until = performance.now() + TURN_MS; ;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + TURN_MS;
  }
}

/** Yields after each item. */
function* compileSteps(value: unknown): Generator<undefined, Compiled> {
  const checked = checkDocument(value);
  yield;
  if (!checked.ok) return checked;
  const { document } = checked;
  const faults: Fault[] = [];
  const compile = createConditionCompiler();
  const placed = (terms: Window, text: string | undefined, item: string, field: string): Placed => {
    const made = text === undefined ? ALWAYS : compile(text);
    if (isFault(made)) faults.push({ place: `${item}/${field}`, ...made, expression: text ?? '' });
    const fromMs = momentOf(terms.from, Number.NEGATIVE_INFINITY, `${item}/from`, faults);
    const untilMs = momentOf(terms.until, Number.POSITIVE_INFINITY, `${item}/until`, faults);
    if (fromMs >= untilMs) faults.push({ place: `${item}/until`, message: 'is not after from' });
    return { item, condition: isFault(made) ? ALWAYS : made, fromMs, untilMs };
  };

  const { settings, platforms } = document;
  if (!isTimeZone(settings.time_zone))
    faults.push({
      place: 'settings/time_zone',
      message: `${settings.time_zone} is not a time zone that is known here`,
    });
  for (const [id, { expiry }] of Object.entries(platforms)) {
    if (expiry?.policy === 'fixed' && !isDay(expiry.on))
      faults.push({ place: `platforms/${id}/expiry/on`, message: 'is not a day that exists' });
  }
  const rules: CompiledRule[] = [];
  for (const [id, terms] of Object.entries(document.rules)) {
    const item = `rules/${id}`;
    faults.push(...ruleFaults(terms, item));
    const operations =
      'operations' in terms && terms.operations !== undefined ? terms.operations : CONVERSIONS;
    rules.push({ kind: terms.kind, operations, terms, ...placed(terms, terms.when, item, 'when') });
    yield;
  }
  const earnRules: CompiledEarnRule[] = [];
  for (const [id, terms] of Object.entries(document.earn)) {
    const item = `earn/${id}`;
    if (!Object.hasOwn(platforms, terms.platform))
      faults.push({
        place: `${item}/platform`,
        message: `${terms.platform} is not among the platforms`,
      });
    earnRules.push({
      platform: terms.platform,
      category: terms.category,
      rate: terms.rate,
      maximum: terms.maximum,
      ...placed(terms, terms.when, item, 'when'),
    });
    yield;
  }
  const rewards: CompiledReward[] = [];
  for (const [platform, list] of Object.entries(document.rewards)) {
    for (const [id, terms] of Object.entries(list)) {
      const item = `rewards/${platform}/${id}`;
      if (!Object.hasOwn(platforms, platform))
        faults.push({ place: item, message: `${platform} is not among the platforms` });
      rewards.push(placed(terms, terms.eligible, item, 'eligible'));
      yield;
    }
  }
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    rulebook: {
      document,
      calendar: new Calendar(settings.time_zone),
      rules: inOrder(rules, (item) => document.rules[item.slice('rules/'.length)]?.priority),
      earnRules: inOrder(earnRules, (item) => document.earn[item.slice('earn/'.length)]?.priority),
      rewards: new Map(rewards.map((reward) => [reward.item, reward])),
    },
  };
}

/** The period in which an item applies. */
interface Window {
  readonly from?: string;
  readonly until?: string;
}

/** Faults of one rule that a schema cannot express. */
function ruleFaults(terms: RuleTerms, item: string): Fault[] {
  switch (terms.kind) {
    case 'rate':
      return (terms.rate === undefined) === (terms.factor === undefined)
        ? [{ place: item, message: 'must have exactly one of rate and factor' }]
        : [];
    case 'fee': {
      const { rate, flat, minimum, maximum } = terms.fee;
      if ((rate ?? flat ?? minimum) === undefined)
        return [{ place: `${item}/fee`, message: 'must have a rate, a flat or a minimum' }];
      return minimum !== undefined &&
        maximum !== undefined &&
        compareRatio(parseRatio(minimum), parseRatio(maximum)) > 0
        ? [{ place: `${item}/fee/maximum`, message: 'is less than minimum' }]
        : [];
    }
    case 'bonus':
      return (terms.bonus.rate ?? terms.bonus.flat) === undefined
        ? [{ place: `${item}/bonus`, message: 'must have a rate or a flat' }]
        : [];
    case 'limit':
      return terms.limit.of === 'network' &&
        terms.limit.measure === 'points' &&
        terms.limit.per !== 'transaction'
        ? [
            {
              place: `${item}/limit/measure`,
              message:
                'must be value or count for the whole network: points of different platforms ' +
                'do not add up',
            },
          ]
        : [];
    case 'review':
      return (terms.operations ?? []).some(
        (operation) => operation !== 'conversion' && operation !== 'transfer',
      )
        ? [
            {
              place: `${item}/operations`,
              message: 'may only be conversion and transfer for a review',
            },
          ]
        : [];
    case 'deny':
      return [];
  }
}

/** Sorts by priority, lower numbers first, and equal ones by id. */
function inOrder<T extends { readonly item: string }>(
  list: readonly T[],
  priorityOf: (item: string) => number | undefined,
): T[] {
  const rank = (one: T): number => priorityOf(one.item) ?? DEFAULT_PRIORITY;
  return list.toSorted((a, b) => rank(a) - rank(b) || (a.item < b.item ? -1 : 1));
}

function momentOf(
  text: string | undefined,
  otherwise: number,
  place: string,
  faults: Fault[],
): number {
  if (text === undefined) return otherwise;
  const atMs = parseMoment(text);
  if (atMs === undefined) faults.push({ place, message: 'is not a time that exists' });
  return atMs ?? otherwise;
}
