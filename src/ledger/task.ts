// A command on its way from the caller through a queue into a batch, and what comes back. Before
// this: `create-ledger.ts` was asked. Next: `poster.ts` queues it.

import {
  deriveTransactionId,
  type Bucket,
  type MemberId,
  type TransactionId,
} from '../kernel/ids.ts';
import { kindOf, type Command } from './commands/commands.ts';
import type { Shortage } from './plan.ts';
import { fingerprintOf } from './replay.ts';
import type { Outcome, PostedLeg } from './types.ts';
import type { AllowanceUse, Reads } from './view.ts';

/** One command on its way. */
export interface Task {
  readonly command: Command;
  readonly transactionId: TransactionId;
  readonly fingerprint: bigint;
  /** The readings of the decision besides wallets. */
  readonly reads: Reads;
  /** The earlier transaction that it goes on from; rows never change, so they are read before. */
  readonly originals: readonly PostedLeg[];
  /**
   * The allowances that the earlier transaction drew on; which accounts these are never changes
   * either.
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

/** The stripe lacks quota: the task has to run again on all buckets. */
interface Short {
  readonly ok: undefined;
  readonly short: Shortage;
}

export type TaskResult = Outcome | Short;

/** The earlier transaction that was read before the command is queued. */
export interface Past {
  readonly originals: readonly PostedLeg[];
  readonly allowances: readonly AllowanceUse[];
}

export const NO_PAST: Past = { originals: [], allowances: [] };

/**
 * A command with everything that follows from it: its id, its fingerprint, and the buckets that it
 * concerns.
 */
export function toTask(
  command: Command,
  { originals, allowances }: Past,
  bucketFor: (memberId: MemberId) => Bucket,
): Task {
  const bucket = bucketFor(command.memberId);
  const reads = kindOf(command).reads(command);
  return {
    command,
    transactionId: deriveTransactionId(bucket, command.platformId, command.memberId, command.key),
    fingerprint: fingerprintOf(command),
    reads,
    originals,
    allowances,
    buckets: bucketsOf(command, bucket, reads, originals, bucketFor),
    escalated: false,
    arrived: 0,
  };
}

/** The buckets of both members, of the quote, and of the rows that it goes on from; mostly one. */
function bucketsOf(
  command: Command,
  bucket: Bucket,
  { quoteUser }: Reads,
  originals: readonly PostedLeg[],
  bucketFor: (memberId: MemberId) => Bucket,
): readonly Bucket[] {
  const others = originals.map((leg) => leg.bucket);
  if ('toMemberId' in command && command.toMemberId !== command.memberId)
    others.push(bucketFor(command.toMemberId));
  if (quoteUser !== undefined) others.push(quoteUser.bucket);
  return others.every((other) => other === bucket)
    ? [bucket]
    : [...new Set([bucket, ...others])].sort((a, b) => a - b);
}
