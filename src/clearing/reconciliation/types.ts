// The types of reconciliation: runs, breaks, and each side's figures for a transaction.

import type { PlatformId, TransactionId } from '../../kernel/ids.ts';
import { DAY_MS } from '../../kernel/time.ts';

/** In order of precedence: a transaction has one break, of the first category that fits. */
export const BREAK_CATEGORIES = [
  'duplicate',
  'unknown_reference',
  'late',
  'missing_here',
  'missing_there',
  'amount',
  'total',
] as const;
export type BreakCategory = (typeof BREAK_CATEGORIES)[number];

export const BREAK_STATES = ['open', 'resolved', 'accepted'] as const;
export type BreakState = (typeof BREAK_STATES)[number];

/** How a break was closed; docs/reconciliation.md. */
export type Resolution = 'vanished' | 'asked' | 'recheck' | 'accepted' | 'adjusted';

/** Days since it was opened. */
export const AGE_BUCKETS = ['0-1', '1-3', '3-7', '7+'] as const;
export type AgeBucket = (typeof AGE_BUCKETS)[number];

export const RUN_MODES = ['incremental', 'full'] as const;
export type RunMode = (typeof RUN_MODES)[number];
type RunState = 'queued' | 'running' | 'complete' | 'incomplete';

/**
 * `moving`: the platform did not stand still long enough for a result. `baseline`: the first total,
 * from which all later ones are expected.
 */
type TotalState = 'agrees' | 'differs' | 'moving' | 'baseline';

/** The effect that the network expects of a transaction at a platform. Ids are lower-case UUIDs. */
export interface OurEffect {
  readonly transactionId: string;
  /** Minor units; null while a call is under way. */
  readonly effect: bigint | null;
  /**
   * Changed so shortly before the statement was read, or since then, that the statement may not
   * have it yet.
   */
  readonly recent: boolean;
}

/** One line of a platform's statement. */
export interface TheirLine {
  readonly transactionId: string;
  readonly operation: StatementOperation;
  readonly effect: bigint;
}

/** Deduct, add, reverse; as stored. */
export type StatementOperation = 'd' | 'a' | 'r';

/** A difference that a comparison has found. */
export interface Difference {
  readonly category: BreakCategory;
  /**
   * A transaction's UUID; for `unknown_reference` any name that the platform wrote; `total` for the
   * total.
   */
  readonly subject: string;
  readonly transactionId: TransactionId | null;
  /** Minor units; null where a side has nothing or has not finished. */
  readonly ours: bigint | null;
  readonly theirs: bigint | null;
}

export interface Break extends Difference {
  readonly breakId: string;
  readonly platformId: PlatformId;
  readonly state: BreakState;
  readonly firstSeenAt: Date;
  /** When it was last opened. */
  readonly openedAt: Date;
  readonly lastSeenAt: Date;
  readonly timesOpened: number;
  readonly closedAt: Date | null;
  readonly resolution: Resolution | null;
}

export interface BreakAction {
  readonly actedAt: Date;
  readonly operatorId: string;
  readonly action: 'recheck' | 'accept' | 'note' | 'adjust';
  readonly words: string;
}

/** How many breaks of a kind are open. */
export interface OpenCount {
  readonly platformId: PlatformId;
  readonly category: BreakCategory;
  readonly age: AgeBucket;
  readonly count: number;
}

export type BreakCounts = Readonly<Partial<Record<BreakCategory, number>>>;

export interface TotalFinding {
  readonly state: TotalState;
  readonly ours: bigint | null;
  readonly theirs: bigint | null;
}

export interface Run {
  readonly runId: string;
  readonly platformId: PlatformId;
  readonly mode: RunMode;
  readonly askedBy: string | null;
  readonly askedAt: Date;
  readonly state: RunState;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly reason: string | null;
  readonly linesRead: bigint;
  readonly compared: bigint;
  readonly matched: bigint;
  readonly underWay: bigint;
  readonly breaks: BreakCounts;
  readonly opened: number;
  readonly resolved: number;
  readonly total: TotalFinding | null;
}

/** The days since a break was opened, as a bucket. */
export function ageBucketOf(openedAt: Date, nowMs: number): AgeBucket {
  const days = (nowMs - openedAt.getTime()) / DAY_MS;
  return days < 1 ? '0-1' : days < 3 ? '1-3' : days < 7 ? '3-7' : '7+';
}
