// Conditions of rules: CEL expressions (cel-js) over typed variables, checked when they are saved
// and compiled once for each version. What depends on the operation and its platforms alone is told
// apart, so that it is worked out once and not for each transaction.

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
 * What the condition of a rule or of a reward may ask about; docs/rules.md shows the same table.
 */
export const RULE_VARIABLES = {
  operation: { type: 'string', meaning: '"conversion", "transfer", "redeem", "hold" or "earn".' },
  source: { type: 'string', meaning: 'The platform whose points move first.' },
  target: {
    type: 'string',
    meaning: 'The platform that receives; the same as source unless it is a conversion.',
  },
  amount: {
    type: 'double',
    meaning:
      'Points of the source platform. Exact against literals of up to 15 digits; no amount is ' +
      'ever computed from it.',
  },
  value: { type: 'double', meaning: 'Worth of the amount in settlement currency.' },
  category: { type: 'string', meaning: 'As the platform named it; empty when it did not.' },
  tags: {
    type: 'list<string>',
    meaning: 'What the source platform says of its user, such as "vip".',
  },
  reward: { type: 'string', meaning: 'The reward_id of a redeem; empty otherwise.' },
  day: { type: 'string', meaning: "Today in the network's time zone, YYYY-MM-DD." },
  hour: { type: 'int', meaning: "Hour of the day in the network's time zone, 0..23." },
  weekday: { type: 'int', meaning: "1 (Monday) .. 7 (Sunday) in the network's time zone." },
  now: { type: 'google.protobuf.Timestamp', meaning: 'The moment of posting.' },
} as const satisfies Readonly<Record<string, Variable>>;

/** Variables whose value is the same for all transactions between two platforms. */
const STATIC_VARIABLES = ['operation', 'source', 'target'];

/** A sentence that CEL may hold but a rule may not. */
const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter'];
const LIMITS = {
  maxAstNodes: 300,
  maxDepth: 30,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 8,
};
const UNBOUNDED = {
  maxAstNodes: 10_000,
  maxDepth: 1_000,
  maxListElements: 10_000,
  maxMapEntries: 10_000,
  maxCallArguments: 100,
};

type Program = (variables: object) => unknown;

/** A condition ready to be asked. */
export interface Condition {
  /** Those of its parts that hold or do not hold for all transactions between two platforms. */
  readonly fixed: readonly Program[];
  /** Of each of `fixed`: which platforms it can tell from others. */
  readonly named: readonly PlatformsNamed[];
  /**
   * Parts that only compare variables with literals, or ask for variables of few values: the same
   * for all operations of one class.
   */
  readonly classed: readonly Program[];
  /** Its other parts. */
  readonly varying: readonly Program[];
  /** What `classed` compares with. */
  readonly literals: Literals;
}

/**
 * Platforms that a part compares with; `all` when it asks otherwise than by comparing with
 * literals.
 */
export type Names = readonly string[] | 'all';

interface PlatformsNamed {
  readonly source: Names;
  readonly target: Names;
}

/** Always true. */
export const ALWAYS: Condition = {
  fixed: [],
  named: [],
  classed: [],
  varying: [],
  literals: NO_LITERALS,
};

export interface ConditionFault {
  readonly message: string;
  readonly start?: number;
  readonly end?: number;
}

/** The variables of one operation, each worked out when it is first asked for. */
export class Variables {
  private readonly facts: Facts;
  private readonly calendar: Calendar;
  private readonly pointsScale: number;
  /** Settlement currency, in whole units. */
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
   * The nearest double of the decimal amount: both numbers are exact and the division is rounded
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

/** Makes the compiler of conditions, with the variables declared. */
export function createConditionCompiler(): (text: string) => Condition | ConditionFault {
  const environment = new Environment({ limits: LIMITS });
  // For parts of what is within the limits: they have more parentheses than what they are parts of.
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

export function isFault(made: Condition | ConditionFault): made is ConditionFault {
  return 'message' in made;
}

/**
 * True when all parts hold. A part that fails counts only when no other part is false, as CEL has
 * it for `&&`.
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

/** A whole condition at once. */
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
 * `category == "x"`, `category in ["x", "y"]`, `"x" in tags`, `amount > 100`, `100.5 <= value`;
 * undefined for anything else.
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

/** What a variable is compared with in all of an expression. */
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
 * The variables asked for otherwise than by a comparison with literals, those of few values left
 * out.
 */
function namesIn(node: ASTNode): string[] {
  if (comparisonOf(node) !== undefined || SMALL_VARIABLES.some((name) => isNamed(node, name)))
    return [];
  return node.op === 'id' ? [node.args] : childrenOf(node).flatMap(namesIn);
}

/**
 * A regular expression can take for ever on a text that a caller chose, and so can a loop in a
 * loop.
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
