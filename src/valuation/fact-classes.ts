// Which operations the rules cannot tell apart, as far as conditions only compare variables with
// literals: between two thresholds all amounts are alike, and so are all categories that no
// condition names. What holds for one of a class holds for all. Pure.

/** What the conditions of a rulebook compare with; several of one condition, or of all. */
export interface Literals {
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly amounts: readonly number[];
  readonly values: readonly number[];
  /** Variables of so few values that each is a class of its own. */
  readonly small: readonly SmallVariable[];
}

export const SMALL_VARIABLES = ['hour', 'weekday', 'day', 'reward'] as const;
export type SmallVariable = (typeof SMALL_VARIABLES)[number];

export const NO_LITERALS: Literals = {
  categories: [],
  tags: [],
  amounts: [],
  values: [],
  small: [],
};

/** What the classes depend on; the variables of an operation fit. */
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

export class FactClasses {
  /** True when all operations are of one class. */
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

  /** The same text for two operations means that no classed condition tells them apart. */
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

/** Twice the number of thresholds below, and one more when it is a threshold itself. */
function regionOf(sorted: readonly number[], number: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low * 2 + (sorted[low] === number ? 1 : 0);
}
