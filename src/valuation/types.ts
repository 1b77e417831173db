// Types of the valuation module: input and results of the rulebook. No behaviour.

import type { MemberId, OwnerId, PlatformId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Day } from '../kernel/time.ts';
import type { OperationName, RuleKind } from './rulebook-schema.ts';

/** What the rules can know about an operation. */
export interface Facts {
  readonly operation: OperationName;
  /** The platform whose points move first. */
  readonly source: PlatformId;
  /** The same as `source` unless the operation is a conversion. */
  readonly target: PlatformId;
  /** The debited member; for an earn, the credited one. */
  readonly memberId: MemberId;
  /** Minor units of the source platform's points. */
  readonly amount: bigint;
  readonly category: string;
  /** The tags that the source platform has put on the member, such as `vip`. */
  readonly tags: readonly string[];
  /** The wanted reward; empty unless the operation is redeem. */
  readonly reward: string;
  readonly atMs: number;
}

/**
 * The result of a conversion. Points are in minor units of their platform, values in minor units of
 * the settlement currency.
 */
export interface Terms {
  /** Kept from the amount, in source points. */
  readonly fee: bigint;
  /** Target points for amount − fee at the rate, rounded toward zero. */
  readonly gross: bigint;
  /** Kept from `gross`, in target points. */
  readonly targetFee: bigint;
  /** Added points, in target points. */
  readonly bonus: bigint;
  /** What the member receives: gross − targetFee + bonus. */
  readonly credited: bigint;
  /**
   * What the source platform will owe: the value of amount − fee at the rate, and of a bonus that
   * it pays.
   */
  readonly owed: bigint;
  /** What the target platform will be owed: the value of the points that it is paid for. */
  readonly due: bigint;
  /**
   * owed − due, never negative: the remainder of rounding, which goes to the network's rounding
   * account.
   */
  readonly remainder: bigint;
  /** Target points for one source point, as text for people. */
  readonly rate: string;
}

/** How much of a limit an operation uses. */
export interface LimitUse {
  /** The rule (`rules/…`) or reward (`rewards/…`) that sets the limit. */
  readonly item: string;
  /** The asset that counts this limit's allowance. */
  readonly assetId: number;
  /**
   * The member for a limit per member; otherwise the owner that stands for everything counted
   * together.
   */
  readonly ownerId: OwnerId;
  /**
   * True when the use of several members is added up. Then each bucket has a part of the allowance.
   */
  readonly shared: boolean;
  /** The last day of the period; `infinity` for a limit without a period. */
  readonly until: Day;
  readonly use: bigint;
  readonly maximum: bigint;
  /** The problem when the use exceeds the limit. */
  readonly otherwise: Problem;
}

/** One line of an explanation: a rule that applied, and its effect. */
export interface Applied {
  /** `rules/standard_fee`, `platforms/platform_a` for the value model, `earn/…`, `rewards/…`. */
  readonly item: string;
  readonly kind: RuleKind | 'value' | 'earn' | 'reward';
  readonly effect: string;
}

/** The verdict of the rules on an operation. */
export type Verdict =
  | {
      readonly type: 'allow';
      readonly limits: readonly LimitUse[];
      readonly applied: readonly Applied[];
    }
  | {
      readonly type: 'review';
      readonly item: string;
      readonly reason: string;
      readonly limits: readonly LimitUse[];
      readonly applied: readonly Applied[];
    }
  | { readonly type: 'refuse'; readonly problem: Problem; readonly applied: readonly Applied[] };

/** A verdict on a conversion, with its terms unless it is refused. */
export type Conversion =
  | (Exclude<Verdict, { readonly type: 'refuse' }> & { readonly terms: Terms })
  | Extract<Verdict, { readonly type: 'refuse' }>;

/** The decimals of assets. */
export interface Scales {
  /** Decimals of a platform's points, 0 to 6. */
  points(platformId: PlatformId): number;
  readonly settlement: number;
}

/** A fault of a rulebook document, with its place. */
export interface Fault {
  /** Item and field, such as `rules/night_limit/when`. */
  readonly place: string;
  readonly message: string;
  /**
   * For a condition: its text, and the characters of the fault from `start` (inclusive) to `end`
   * (exclusive), counted from 0.
   */
  readonly expression?: string;
  readonly start?: number;
  readonly end?: number;
}

/** One item that differs between two rulebooks; null on the side where it does not exist. */
export interface Change {
  /**
   * `settings`, `values`, `platforms/<id>`, `categories/<name>`, `rules/<id>`, `earn/<id>` or
   * `rewards/<platform>/<id>`.
   */
  readonly item: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A reward in the catalogue of one version. Its stock is an account of the ledger. */
export interface Reward {
  readonly platformId: PlatformId;
  readonly rewardId: string;
  /** The asset whose units are units of this reward. */
  readonly assetId: number;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly descriptionZh: string;
  readonly descriptionEn: string;
  /** Minor units of the platform's points for one unit. */
  readonly pointsRequired: bigint;
  /** Units in total, including redeemed ones. */
  readonly stock: bigint;
  /** Most units that one member may ever have; undefined for no bound. */
  readonly perMember: bigint | undefined;
  /** It can be redeemed from this time on (inclusive) … */
  readonly fromMs: number;
  /** … until this time (exclusive). */
  readonly untilMs: number;
  readonly voucherDays: number | undefined;
  readonly active: boolean;
}
