// A command on its way from the caller through a queue into a batch, and what comes back.

import type { Bucket, TransactionId } from '../kernel/ids.ts';
import type { Command, Outcome, PostedLeg } from './types.ts';
import type { Shortage } from './plan.ts';
import type { AllowanceUse } from './view.ts';

/** One command on its way. */
export interface Task {
  readonly command: Command;
  readonly transactionId: TransactionId;
  readonly fingerprint: bigint;
  /** What a reversal reverses; rows never change, so they are read before. */
  readonly originals: readonly PostedLeg[];
  /**
   * What the transaction or hold that it undoes drew from allowances; which accounts those are
   * never changes either.
   */
  readonly allowances: readonly AllowanceUse[];
  /** Ascending; all buckets once the task needs quota of other stripes. */
  readonly buckets: readonly Bucket[];
  /** Set when the batch has all buckets, so that quota may move between stripes. */
  readonly escalated: boolean;
  /**
   * Its place among all that arrived in this process; set when it is queued. A refusal rests on
   * nothing older.
   */
  arrived: number;
}

/** The stripe lacks quota: the task is to be run again on all buckets. */
export interface Short {
  readonly ok: undefined;
  readonly short: Shortage;
}

export type TaskResult = Outcome | Short;
