// Decides which disputed transactions are left out of a window, which come back into it, and with
// how much effect on the positions, to the minor unit. Pure.

import { larger, smaller } from '../../kernel/amount.ts';
import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import { shareOf } from '../../ledger/ledger.ts';
import type { CarveOut } from './types.ts';

/** A frozen transaction with the journal row that moved the positions. */
export interface FrozenRow {
  readonly bucket: Bucket;
  readonly rowId: TransactionId;
  readonly transactionId: TransactionId;
  readonly source: PlatformId;
  readonly target: PlatformId;
  /**
   * The whole transaction's amount, how much of it has been reversed, and how much is frozen now.
   */
  readonly amount: bigint;
  readonly reversed: bigint;
  readonly frozen: bigint;
  /** The effect of the whole row on the positions of source and target. */
  readonly sourceEffect: bigint;
  readonly targetEffect: bigint;
  /**
   * The closed window of the row, or the window that is being closed; undefined when the row is in
   * the open one.
   */
  readonly windowId: number | undefined;
}

/** Amount and effect that are left out, less what has come back. */
interface Outstanding {
  readonly amount: bigint;
  readonly sourceEffect: bigint;
  readonly targetEffect: bigint;
}

/**
 * What else has to be left out of a window: of each frozen transaction the part that is not out
 * already, as far as the window contains it. The frozen part begins where the reversed part ends,
 * and is rounded as its reversal would be: the target is due less sooner, the source owes less
 * later.
 */
export function decideOuts(
  windowId: number,
  rows: readonly FrozenRow[],
  before: readonly CarveOut[],
): CarveOut[] {
  return rows.flatMap((row) => {
    const ofRow = before.filter(({ rowId }) => rowId === row.rowId);
    const out = outstandingOf(ofRow);
    const here = outstandingOf(ofRow.filter((carved) => carved.windowId === windowId));
    const included = (row.windowId === windowId ? row.amount : 0n) - here.amount;
    const amount = smaller(
      smaller(row.frozen - out.amount, included),
      row.amount - row.reversed - out.amount,
    );
    if (amount <= 0n) return [];
    const part = { before: row.reversed + out.amount, amount };
    return [
      carveOut(windowId, row, 'out', {
        amount,
        sourceEffect: shareOf(row.sourceEffect, row.amount, part, 'later'),
        targetEffect: shareOf(row.targetEffect, row.amount, part, 'sooner'),
      }),
    ];
  });
}

/**
 * What can still be left out of a window that is being paid: of each transaction the part for which
 * no receiver has been paid yet. `roomOf` returns how much less a receiver may be due, undefined
 * for no bound; it is called again after each transaction.
 */
export function decideLateOuts(
  fresh: readonly CarveOut[],
  roomOf: (carved: CarveOut) => bigint | undefined,
  take: (carved: CarveOut) => void,
): void {
  for (const whole of fresh) {
    const room = roomOf(whole);
    const fits =
      room === undefined || whole.targetEffect <= room
        ? whole
        : partOf(whole, (whole.amount * larger(room, 0n)) / whole.targetEffect);
    if (fits.amount > 0n) take(fits);
  }
}

/** A part of a carve-out, its effects rounded like those of any part. */
function partOf(whole: CarveOut, amount: bigint): CarveOut {
  const part = { before: 0n, amount };
  return {
    ...whole,
    amount,
    sourceEffect: shareOf(whole.sourceEffect, whole.amount, part, 'later'),
    targetEffect: shareOf(whole.targetEffect, whole.amount, part, 'sooner'),
  };
}

/**
 * What comes back into a window: everything that is out and no longer frozen. What was left out
 * together comes back to the minor unit.
 */
export function decideIns(
  windowId: number,
  rows: readonly FrozenRow[],
  before: readonly CarveOut[],
): CarveOut[] {
  const frozen = new Map(rows.map((row) => [row.rowId, row.frozen]));
  return [...Map.groupBy(before, ({ rowId }) => rowId)].flatMap(([rowId, ofRow]) => {
    const out = outstandingOf(ofRow);
    const amount = out.amount - (frozen.get(rowId) ?? 0n);
    const [first] = ofRow;
    if (amount <= 0n || first === undefined) return [];
    const part = { before: 0n, amount };
    return [
      carveOut(windowId, first, 'in', {
        amount,
        sourceEffect: shareOf(out.sourceEffect, out.amount, part, 'sooner'),
        targetEffect: shareOf(out.targetEffect, out.amount, part, 'later'),
      }),
    ];
  });
}

function outstandingOf(carved: readonly CarveOut[]): Outstanding {
  const sum = { amount: 0n, sourceEffect: 0n, targetEffect: 0n };
  for (const { direction, amount, sourceEffect, targetEffect } of carved) {
    const sign = direction === 'out' ? 1n : -1n;
    sum.amount += sign * amount;
    sum.sourceEffect += sign * sourceEffect;
    sum.targetEffect += sign * targetEffect;
  }
  return sum;
}

function carveOut(
  windowId: number,
  {
    bucket,
    rowId,
    transactionId,
    source,
    target,
  }: Pick<CarveOut, 'bucket' | 'rowId' | 'transactionId' | 'source' | 'target'>,
  direction: 'out' | 'in',
  part: Outstanding,
): CarveOut {
  return { windowId, bucket, rowId, transactionId, direction, source, target, ...part };
}
