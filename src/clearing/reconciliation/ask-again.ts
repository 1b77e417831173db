// Looks up breaks at the platform that may be a matter of timing, and closes those on which both
// sides agree now.

import type { Clock } from '../../kernel/time.ts';
import { formatId, type PlatformId } from '../../kernel/ids.ts';
import type { Pool } from '../../runtime/database.ts';
import type { ConnectorClient } from '../../connections/connections.ts';
import { askPlatform, type Answer, type Patience } from './ask-platform.ts';
import { compareEffects, type Verdict } from './compare.ts';
import { closeBreak, selectBreaks } from './store-breaks.ts';
import { selectExpected } from './store-sides.ts';
import type { Break } from './types.ts';

/** In one run; those open longest come first. */
const MOST_ASKED = 200;

export interface AskParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly connector: Pick<ConnectorClient, 'findTransaction'>;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

export interface Standing {
  readonly verdict: Verdict;
  readonly ours: bigint | null;
  readonly theirs: bigint | null;
}

/**
 * The figures of both sides for a transaction at this moment, by the platform's look-up instead of
 * its statement.
 */
export async function askStanding(
  { pool, connector, patience, signal }: AskParts,
  { platformId, subject, transactionId }: Pick<Break, 'platformId' | 'subject' | 'transactionId'>,
): Promise<Answer<Standing>> {
  const name = transactionId === null ? subject : formatId('txn', transactionId);
  const answer = await askPlatform(
    'a transaction',
    () => connector.findTransaction(name),
    patience,
    signal,
  );
  if (!answer.answered) return answer;
  const theirs = answer.value.state === 'unknown' ? undefined : answer.value.effectMinor;
  // After the platform's answer: a saga that moves in between shows as under way rather than as a
  // difference.
  const ours =
    transactionId === null ? undefined : await selectExpected(pool, platformId, transactionId);
  const verdict = compareEffects(
    ours === undefined ? undefined : { effect: ours, recent: false },
    theirs === undefined ? undefined : { effect: theirs, repeated: false },
  );
  return { answered: true, value: { verdict, ours: ours ?? null, theirs: theirs ?? null } };
}

/**
 * Looks up a platform's breaks of timing; returns how many were closed. Stops when the platform
 * does not answer.
 */
export async function askForLate(parts: AskParts, platformId: PlatformId): Promise<number> {
  const { pool, clock } = parts;
  let closed = 0;
  for (const one of await selectBreaks(
    pool,
    { platformId, category: 'late', state: 'open' },
    MOST_ASKED,
  )) {
    const standing = await askStanding(parts, one);
    if (!standing.answered || parts.signal?.aborted === true) break;
    if (
      standing.value.verdict === 'agrees' &&
      (await closeBreak(pool, one.breakId, 'resolved', 'asked', new Date(clock.now())))
    )
      closed += 1;
  }
  return closed;
}
