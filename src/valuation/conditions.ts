// Conditions of rules: CEL expressions (cel-js) over typed variables, checked when they are saved
// and compiled once for each version. Parts that depend only on the operation and its platforms are
// separated, so that they are evaluated once and not at each transaction.

import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import type { Calendar } from '../kernel/calendar.ts';
import { celText } from './cel-text.ts';
import { NO_LITERALS, SMALL_VARIABLES, type Literals } from './fact-classes.ts';
import type { Facts } from './types.ts';

interface Variable {
  readonly type: string;
  readonly meaning: string;
}

/**
 * The variables that the condition of a rule or a reward can use. docs/rules.md has the same table.
 */
export const RULE_VARIABLES = {
  operation: { type: 'string', meaning: '"conversion", "transfer", "redeem", "hold" or "earn".' },
  source: { type: 'string', meaning: 'The platform whose points move first.' },
  target: {
    type: 'string',
    meaning: 'The platform that receives; the same as source unless this is a conversion.',
  },
  amount: {
    type: 'double',
    meaning:
      'Points of the source platform. Comparisons with literals of up to 15 digits are exact; ' +
      'no amount is ever computed from it.',
  },
  value: { type: 'double', meaning: 'Worth of the amount in settlement currency.' },
  category: {
    type: 'string',
    meaning: 'The category that the platform sent; empty when it sent none.',
  },
  tags: {
    type: 'list<string>',
    meaning: 'The tags that the source platform has put on its user, such as "vip".',
  },
  reward: { type: 'string', meaning: 'The reward_id of a redeem; empty otherwise.' },
  day: { type: 'string', meaning: "Today in the network's time zone, YYYY-MM-DD." },
  hour: { type: 'int', meaning: "Hour of the day in the network's time zone, 0..23." },
  weekday: { type: 'int', meaning: "1 (Monday) .. 7 (Sunday) in the network's time zone." },
  now: { type: 'google.protobuf.Timestamp', meaning: 'The time of posting.' },
} as const satisfies Readonly<Record<string, Variable>>;

/** Variables whose value is the same for all transactions between two platforms. */
const STATIC_VARIABLES = ['operation', 'source', 'target'];

/** CEL functions that loop over a list; they must not be nested. */
const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter'];
/** Limits of a condition as it is written. */
const LIMITS = {
  maxAstNodes: 300,
  maxDepth: 30,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 8,
};
/** Limits of the parts of a condition, which are written with more parentheses than the whole. */
const UNBOUNDED = {
  maxAstNodes: 10_000,
  maxDepth: 1_000,
  maxListElements: 10_000,
  maxMapEntries: 10_000,
  maxCallArguments: 100,
};

type Program = (variables: object) => unknown;

/** A condition that is ready to be evaluated. */
export interface Condition {
  /** Parts whose result is the same for all transactions of one operation between two platforms. */
  readonly fixed: readonly Program[];
  /** For each of `fixed`: the platforms that it can tell from others. */
  readonly named: readonly PlatformsNamed[];
  /**
   * Parts that only compare variables with literals, or use variables with few values. Their result
   * is the same for all operations of one class.
   */
  readonly classed: readonly Program[];
  /** All other parts. */
  readonly varying: readonly Program[];
  /** The literals in `classed`. */
  readonly literals: Literals;
}

/** The platforms that a part compares with; `all` when it uses the variable in any other way. */
export type Names = readonly string[] | 'all';

interface PlatformsNamed {
  readonly source: Names;
  readonly target: Names;
}

/** The condition that is always true. */
export const ALWAYS: Condition = {
  fixed: [],
  named: [],
  classed: [],
  varying: [],
  literals: NO_LITERALS,
};

/**
 * Why a text is not a condition. `start` and `end` are characters, counted from 0; `end` is
 * exclusive.
 */
export interface ConditionFault {
  readonly message: string;
  readonly start?: number;
  readonly end?: number;
}

/** The variables of one operation. Each is computed when it is first used. */
export class Variables {
  private readonly facts: Facts;
  private readonly calendar: Calendar;
  private readonly pointsScale: number;
  /** Value of the amount in whole units of the settlement currency. */
  readonly value: number;

  constructor(facts: Facts, calendar: Calendar, pointsScale: number, value: number) {
    this.facts = facts;
    this.calendar = calendar;
    this.pointsScale = pointsScale;
    this.value = value;
  }

  get operation(): string {
    return this.facts.operation;
  }
  get source(): string {
    return this.facts.source;
  }
  get target(): string {
    return this.facts.target;
  }
  get category(): string {
    return this.facts.category;
  }
  get tags(): readonly string[] {
    return this.facts.tags;
  }
  get reward(): string {
    return this.facts.reward;
  }
  /**
   * The nearest double of the decimal amount: both operands are exact, and the division rounds
   * once.
   */
  get amount(): number {
    return Number(this.facts.amount) / 10 ** this.pointsScale;
  }
  get day(): string {
    return this.calendar.at(this.facts.atMs).day;
  }
  get hour(): bigint {
    return BigInt(this.calendar.at(this.facts.atMs).hour);
  }
  get weekday(): bigint {
    return BigInt(this.calendar.at(this.facts.atMs).weekday);
  }
  get now(): Date {
    return new Date(this.facts.atMs);
  }
}

/** Makes a compiler of conditions over `RULE_VARIABLES`. */
export function createConditionCompiler(): (text: string) => Condition | ConditionFault {
  const environment = new Environment({ limits: LIMITS });
  // For parts of a condition that is within the limits: the parts have more parentheses than the
  // whole.
  const unbounded = new Environment({ limits: UNBOUNDED });
  for (const [name, { type }] of Object.entries(RULE_VARIABLES)) {
    environment.registerVariable(name, type);
    unbounded.registerVariable(name, type);
  }
  return (text) => {
    const checked = environment.check(text);
    if (!checked.valid) return faultOf(checked.error);
    if (checked.type !== 'bool')
      return { message: `gives ${checked.type ?? 'something else'}, not bool` };
    const { ast } = environment.parse(text);
    const forbidden = findForbidden(ast, 0);
    if (forbidden !== undefined) return forbidden;
    const parts = conjunctsOf(ast).map((node) => ({
      node,
      sort: sortOf(node),
      program: unbounded.parse(celText(node, text)) as Program,
    }));
    const programs = (wanted: Sort): Program[] =>
      parts.filter(({ sort }) => sort === wanted).map(({ program }) => program);
    const comparisons = parts
      .filter(({ sort }) => sort === 'classed')
      .flatMap(({ node }) => comparisonsIn(node));
    const named = parts
      .filter(({ sort }) => sort === 'fixed')
      .map(({ node }): PlatformsNamed => ({
        source: namesOf(node, 'source'),
        target: namesOf(node, 'target'),
      }));
    return {
      fixed: programs('fixed'),
      named,
      classed: programs('classed'),
      varying: programs('varying'),
      literals: together(comparisons),
    };
  };
}

function together(parts: readonly Partial<Literals>[]): Literals {
  const all = <T>(list: (part: Partial<Literals>) => readonly T[] | undefined): T[] =>
    parts.flatMap((part) => list(part) ?? []);
  return {
    categories: all((part) => part.categories),
    tags: all((part) => part.tags),
    amounts: all((part) => part.amounts),
    values: all((part) => part.values),
    small: all((part) => part.small),
  };
}

/** True when compiling gave a fault. */
export function isFault(made: Condition | ConditionFault): made is ConditionFault {
  return 'message' in made;
}

/**
 * True when all parts hold. A part that fails counts only when no other part is false, like `&&` of
 * CEL.
 */
export function holds(programs: readonly Program[], variables: object): boolean {
  let failure: unknown;
  for (const program of programs) {
    try {
      if (program(variables) !== true) return false;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return true;
}

/** Evaluates a whole condition. */
export function holdsWhole({ fixed, classed, varying }: Condition, variables: object): boolean {
  return holds([...fixed, ...classed, ...varying], variables);
}

function faultOf(
  error:
    | {
        readonly summary?: string;
        readonly message: string;
        readonly range?: { readonly start: number; readonly end: number };
      }
    | undefined,
): ConditionFault {
  const message = error?.summary ?? error?.message ?? 'is not a CEL expression';
  return error?.range === undefined
    ? { message }
    : { message, start: error.range.start, end: error.range.end };
}

function conjunctsOf(node: ASTNode): ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node];
}

type Sort = 'fixed' | 'classed' | 'varying';

function sortOf(node: ASTNode): Sort {
  const names = namesIn(node);
  if (names.length > 0 && names.every((name) => STATIC_VARIABLES.includes(name))) return 'fixed';
  return comparisonsIn(node).length > 0 && names.every((name) => STATIC_VARIABLES.includes(name))
    ? 'classed'
    : 'varying';
}

/**
 * The literals of a comparison such as `category == "x"`, `category in ["x", "y"]`, `"x" in tags`,
 * `amount > 100` or `100.5 <= value`; undefined for any other node.
 */
function comparisonOf(node: ASTNode): Partial<Literals> | undefined {
  if (!isComparison(node)) return undefined;
  const [left, right] = node.args;
  if (node.op === 'in') return comparisonWithList(left, right);
  const [name, literal] = left.op === 'id' ? [left, right] : [right, left];
  if (name.op !== 'id') return undefined;
  const [word, number] = [wordOf(literal), numberOf(literal)];
  if (name.args === 'category' && word !== undefined) return { categories: [word] };
  if (name.args === 'amount' && number !== undefined) return { amounts: [number] };
  return name.args === 'value' && number !== undefined ? { values: [number] } : undefined;
}

function comparisonWithList(left: ASTNode, right: ASTNode): Partial<Literals> | undefined {
  const word = wordOf(left);
  if (word !== undefined && isNamed(right, 'tags')) return { tags: [word] };
  if (!isNamed(left, 'category') || right.op !== 'list') return undefined;
  const words = right.args.map(wordOf);
  return words.every((one) => one !== undefined) ? { categories: words } : undefined;
}

/** The texts that a variable is compared with in an expression. */
function namesOf(node: ASTNode, variable: string): Names {
  if (isNamed(node, variable)) return 'all';
  if (isComparison(node)) {
    const [left, right] = node.args;
    if (node.op === 'in' && isNamed(left, variable) && right.op === 'list') {
      const words = right.args.map(wordOf);
      return words.every((word) => word !== undefined) ? words : 'all';
    }
    if (node.op === '==' || node.op === '!=') {
      const other = isNamed(left, variable) ? right : isNamed(right, variable) ? left : undefined;
      const word = other === undefined ? undefined : wordOf(other);
      if (word !== undefined) return [word];
    }
  }
  const inside = childrenOf(node).map((child) => namesOf(child, variable));
  return inside.includes('all') ? 'all' : (inside as (readonly string[])[]).flat();
}

function isComparison(
  node: ASTNode,
): node is Extract<ASTNode, { readonly op: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' }> {
  return ['==', '!=', '<', '<=', '>', '>=', 'in'].includes(node.op);
}

function numberOf(node: ASTNode): number | undefined {
  if (node.op !== 'value') return undefined;
  return typeof node.args === 'number'
    ? node.args
    : typeof node.args === 'bigint'
      ? Number(node.args)
      : undefined;
}

function wordOf(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

function isNamed(node: ASTNode, name: string): boolean {
  return node.op === 'id' && node.args === name;
}

function comparisonsIn(node: ASTNode): Partial<Literals>[] {
  const own = comparisonOf(node);
  if (own !== undefined) return [own];
  const small = SMALL_VARIABLES.find((name) => isNamed(node, name));
  return small === undefined ? childrenOf(node).flatMap(comparisonsIn) : [{ small: [small] }];
}

/**
 * The variables that an expression uses other than by comparing with literals, except those with
 * few values.
 */
function namesIn(node: ASTNode): string[] {
  if (comparisonOf(node) !== undefined || SMALL_VARIABLES.some((name) => isNamed(node, name)))
    return [];
  return node.op === 'id' ? [node.args] : childrenOf(node).flatMap(namesIn);
}

/**
 * Finds what a rule may not use. A regular expression can take forever on a text that a caller
 * chose, and so can nested loops.
 */
function findForbidden(node: ASTNode, loops: number): ConditionFault | undefined {
  const called = node.op === 'rcall' || node.op === 'call' ? node.args[0] : undefined;
  const place = { start: node.range.start, end: node.range.end };
  if (called === 'matches')
    return {
      message: 'matches() is not available; use ==, in, startsWith(), endsWith() or contains()',
      ...place,
    };
  const inside = called !== undefined && MACROS.includes(called) ? loops + 1 : loops;
  if (inside > 1)
    return { message: `${called ?? 'a loop'}() inside another loop is not available`, ...place };
  for (const child of childrenOf(node)) {
    const found = findForbidden(child, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(node: ASTNode): ASTNode[] {
  return Array.isArray(node.args)
    ? (node.args as unknown[]).flat(2).filter(isNode)
    : isNode(node.args)
      ? [node.args]
      : [];
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part && 'range' in part;
}
