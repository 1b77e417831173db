// A break that may be a matter of time, looked up at the platform: closed when both sides agree by
// now.

import type { Clock } from '../../kernel/time.ts';
import { formatId, type PlatformId } from '../../kernel/ids.ts';
import type { Pool } from '../../runtime/database.ts';
import type { ConnectorClient } from '../../connections/connections.ts';
import { askPlatform, type Answer, type Patience } from './ask-platform.ts';
import { compareEffects, type Verdict } from './compare.ts';
import { closeBreak, selectBreaks } from './store-breaks.ts';
import { selectExpected } from './store-sides.ts';
import type { Break } from './types.ts';

/** Of one run; the longest open come first. */
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
 * How a transaction stands at both sides at this moment, by the platform's look-up instead of its
 * statement.
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
  // After the platform: a saga that moves meanwhile is seen as under way rather than as a
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
 * Asks for the platform's timing breaks; answers how many were closed. Stops when the platform does
 * not answer.
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
