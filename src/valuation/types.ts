// The words of valuation: what is asked of the rulebook and what it answers. No behaviour.

import type { MemberId, OwnerId, PlatformId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Day } from '../kernel/time.ts';
import type { OperationName, RuleKind } from './rulebook-schema.ts';

/** What the rules may know of an operation. */
export interface Facts {
  readonly operation: OperationName;
  /** Whose points move first. */
  readonly source: PlatformId;
  /** The same as `source` unless the operation is a conversion. */
  readonly target: PlatformId;
  /** The debited member (the credited one of an earn). */
  readonly memberId: MemberId;
  /** Minor units of the source platform's points. */
  readonly amount: bigint;
  readonly category: string;
  /** What the source platform says of the member, such as `vip`. */
  readonly tags: readonly string[];
  /** The reward asked for; empty when the operation is not redeem. */
  readonly reward: string;
  readonly atMs: number;
}

/**
 * What a conversion comes to; points in minor units of their platform, values in minor units of the
 * settlement currency.
 */
export interface Terms {
  /** Kept from the amount, in source points. */
  readonly fee: bigint;
  /** What amount − fee gives at the rate, in target points, rounded toward zero. */
  readonly gross: bigint;
  /** Kept from `gross`, in target points. */
  readonly targetFee: bigint;
  /** Added, in target points. */
  readonly bonus: bigint;
  /** What the member receives: gross − targetFee + bonus. */
  readonly credited: bigint;
  /**
   * What the source platform comes to owe: worth of amount − fee at the rate, and of a bonus that
   * it pays.
   */
  readonly owed: bigint;
  /** What the target platform comes to be owed: worth of the points it is paid for. */
  readonly due: bigint;
  /**
   * owed − due, never negative: what rounding left over; goes to the network's rounding account.
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
  /** The member for a limit of members; else an owner that stands for what is counted together. */
  readonly ownerId: OwnerId;
  /**
   * True when the use of several members is added up: then each bucket has a part of the allowance.
   */
  readonly shared: boolean;
  /** The last day of the period; `infinity` for a limit without one. */
  readonly until: Day;
  readonly use: bigint;
  readonly maximum: bigint;
  /** The answer when it does not fit. */
  readonly otherwise: Problem;
}

/** One line of an explanation: a rule that applied, and what it did. */
export interface Applied {
  /** `rules/standard_fee`, `platforms/platform_a` for the value model, `earn/…`, `rewards/…`. */
  readonly item: string;
  readonly kind: RuleKind | 'value' | 'earn' | 'reward';
  readonly effect: string;
}

/** What the rules say of an operation. */
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

/** A verdict on a conversion, with its terms when it may go on. */
export type Conversion =
  | (Exclude<Verdict, { readonly type: 'refuse' }> & { readonly terms: Terms })
  | Extract<Verdict, { readonly type: 'refuse' }>;

/** What is known of the assets that amounts are counted in. */
export interface Scales {
  /** Decimals of a platform's points. */
  points(platformId: PlatformId): number;
  readonly settlement: number;
}

/** Something wrong with a rulebook document, with its place. */
export interface Fault {
  /** Item and field, such as `rules/night_limit/when`. */
  readonly place: string;
  readonly message: string;
  /**
   * Of a condition: its text, and the characters of it from `start` to just before `end`, counted
   * from 0.
   */
  readonly expression?: string;
  readonly start?: number;
  readonly end?: number;
}

/** One item of a rulebook that differs between two documents; null where it is not there. */
export interface Change {
  /**
   * `settings`, `values`, `platforms/<id>`, `categories/<name>`, `rules/<id>`, `earn/<id>` or
   * `rewards/<platform>/<id>`.
   */
  readonly item: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A reward as the catalogue of one version has it; its stock is an account of the ledger. */
export interface Reward {
  readonly platformId: PlatformId;
  readonly rewardId: string;
  /** The asset whose units are this reward. */
  readonly assetId: number;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly descriptionZh: string;
  readonly descriptionEn: string;
  /** Minor units of the platform's points for one unit. */
  readonly pointsRequired: bigint;
  /** Units in all, redeemed ones included. */
  readonly stock: bigint;
  /** Most units for one member, ever; undefined for no bound. */
  readonly perMember: bigint | undefined;
  /** Can be redeemed from then … */
  readonly fromMs: number;
  /** … until just before then. */
  readonly untilMs: number;
  readonly voucherDays: number | undefined;
  readonly active: boolean;
}
