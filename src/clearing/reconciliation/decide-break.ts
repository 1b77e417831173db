// Decides what a difference changes about its existing break. Pure.

import type { Break, Difference } from './types.ts';

export interface BreakDecision {
  readonly next: Break;
  /** It was not open before. */
  readonly opened: boolean;
  /** Needs attention: it was opened, or is no longer only a matter of timing. */
  readonly alarm: boolean;
}

export function decideBreak(
  known: Break | undefined,
  found: Difference,
  fresh: Pick<Break, 'breakId' | 'platformId'>,
  now: Date,
): BreakDecision {
  const alarming = found.category !== 'late';
  if (known === undefined) {
    const next: Break = {
      ...fresh,
      ...found,
      state: 'open',
      firstSeenAt: now,
      openedAt: now,
      lastSeenAt: now,
      timesOpened: 1,
      closedAt: null,
      resolution: null,
    };
    return { next, opened: true, alarm: alarming };
  }
  const seen = { ...known, ...found, lastSeenAt: now };
  if (known.state === 'open')
    return { next: seen, opened: false, alarm: alarming && known.category === 'late' };
  // Only the accepted figures are accepted, no others. An adjusted difference may still be seen by
  // a run that began before.
  const isDecided = known.state === 'accepted' || known.resolution === 'adjusted';
  if (isDecided && isSame(known, found)) return { next: seen, opened: false, alarm: false };
  return {
    next: {
      ...seen,
      state: 'open',
      openedAt: now,
      timesOpened: known.timesOpened + 1,
      closedAt: null,
      resolution: null,
    },
    opened: true,
    alarm: alarming,
  };
}

/** Totals move all the time, so for them the difference itself was accepted. */
function isSame(known: Difference, found: Difference): boolean {
  if (known.category !== found.category) return false;
  if (found.category === 'total')
    return (known.theirs ?? 0n) - (known.ours ?? 0n) === (found.theirs ?? 0n) - (found.ours ?? 0n);
  return known.ours === found.ours && known.theirs === found.theirs;
}
