// Keeps the tags in this process's memory the same as those in the database, whichever process
// changes them.

import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { LinkResolver } from './link-resolver.ts';
import { startPoll } from '../runtime/poll.ts';
import { readDatabaseTime, selectChangedTags } from './store.ts';

/** The running update of tags. */
export interface TagFollower {
  /** Reads changes at once. */
  refresh(): Promise<void>;
  close(): void;
}

/** A change must be visible in every process within one second. */
const POLL_MS = 500;
/**
 * How far each poll looks back before the last successful one. A change is stamped before it is
 * committed, and a link may be read before a change but stored in memory after it; so a poll from
 * the last time on could miss some changes.
 */
const LOOK_BACK_SECONDS = 10;

/** Starts the update for the tags in `links`. */
export async function followTags(pool: Pool, links: LinkResolver, log: Log): Promise<TagFollower> {
  // The database's clock, as text, which keeps microseconds. This process's own clock may be wrong,
  // or the process may have slept.
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
