// Groups operations that the rules cannot tell apart because conditions only compare variables with
// literals: all amounts between two thresholds are alike, and so are all categories that no
// condition names. A condition has one result for all operations of a class. Pure.

/** The literals that one or more conditions compare with. */
export interface Literals {
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly amounts: readonly number[];
  readonly values: readonly number[];
  /** Variables with so few values that each value is a class of its own. */
  readonly small: readonly SmallVariable[];
}

/** Variables with few values. */
export const SMALL_VARIABLES = ['hour', 'weekday', 'day', 'reward'] as const;
/** One of `SMALL_VARIABLES`. */
export type SmallVariable = (typeof SMALL_VARIABLES)[number];

/** No condition compares with anything. */
export const NO_LITERALS: Literals = {
  categories: [],
  tags: [],
  amounts: [],
  values: [],
  small: [],
};

/** The variables that classes depend on; `Variables` has all of them. */
export interface Classified {
  readonly category: string;
  readonly tags: readonly string[];
  readonly amount: number;
  readonly value: number;
  readonly hour: bigint;
  readonly weekday: bigint;
  readonly day: string;
  readonly reward: string;
}

/** The classes of one rulebook. */
export class FactClasses {
  /** True when all operations are in one class. */
  readonly trivial: boolean;
  private readonly categories: ReadonlySet<string>;
  private readonly tags: ReadonlySet<string>;
  private readonly amounts: readonly number[];
  private readonly values: readonly number[];
  private readonly small: readonly SmallVariable[];

  constructor(literals: readonly Literals[]) {
    this.categories = new Set(literals.flatMap(({ categories }) => categories));
    this.tags = new Set(literals.flatMap(({ tags }) => tags));
    this.amounts = thresholds(literals.flatMap(({ amounts }) => amounts));
    this.values = thresholds(literals.flatMap(({ values }) => values));
    this.small = SMALL_VARIABLES.filter((name) =>
      literals.some(({ small }) => small.includes(name)),
    );
    this.trivial =
      this.categories.size +
        this.tags.size +
        this.amounts.length +
        this.values.length +
        this.small.length ===
      0;
  }

  /**
   * The class of an operation, as text. Two operations with the same text cannot be told apart by a
   * classed condition.
   */
  keyOf(variables: Classified): string {
    let key =
      this.categories.size > 0 && this.categories.has(variables.category)
        ? `c${variables.category}\n`
        : '';
    if (this.tags.size > 0)
      for (const tag of variables.tags) if (this.tags.has(tag)) key += `t${tag}\n`;
    if (this.amounts.length > 0) key += `a${regionOf(this.amounts, variables.amount)}`;
    if (this.values.length > 0) key += `v${regionOf(this.values, variables.value)}`;
    for (const name of this.small) key += `\n${variables[name]}`;
    return key;
  }
}

function thresholds(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Twice the number of thresholds below the number, plus one when it equals a threshold. */
function regionOf(sorted: readonly number[], number: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low * 2 + (sorted[low] === number ? 1 : 0);
}
