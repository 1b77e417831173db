// Keeps the tags that this process remembers as the database has them, whichever process changes
// them.

import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { LinkResolver } from './link-resolver.ts';
import { startPoll } from '../runtime/poll.ts';
import { readDatabaseTime, selectChangedTags } from './store.ts';

export interface TagFollower {
  /** Reads changes at once. */
  refresh(): Promise<void>;
  close(): void;
}

/** Within a second a change has to be everywhere. */
const POLL_MS = 500;
/**
 * A change is stamped before it is committed, and a link may be read before a change and remembered
 * after it: each question looks this much further back than the last one that was answered.
 */
const LOOK_BACK_SECONDS = 10;

export async function followTags(pool: Pool, links: LinkResolver, log: Log): Promise<TagFollower> {
  // The database's clock, as text and so to the microsecond: a process may have slept, or have
  // another idea of the time.
  let askedAt = await readDatabaseTime(pool);

  async function refresh(): Promise<void> {
    const changed = await selectChangedTags(pool, askedAt, LOOK_BACK_SECONDS);
    for (const { platformId, userId, tagged } of changed.links)
      links.retag(platformId, userId, tagged);
    askedAt = changed.askedAt;
  }

  const poll = startPoll({ what: 'changes of tags', everyMs: POLL_MS, log, ask: refresh });
  return { refresh, close: () => poll.close() };
}
