// Replaces the tags that a platform has put on its user. They are stored sorted, each tag once.

import type { PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { assert } from '../kernel/assert.ts';
import type { Pool } from '../runtime/database.ts';
import type { LinkResolver } from './link-resolver.ts';
import { identityProblems } from './problems.ts';
import { changeTags } from './store.ts';
import { MAX_TAGS, TAG } from './types.ts';

const tagForm = new RegExp(TAG);

/** In force in this process at once. The caller has checked the form of the tags. */
export async function setTags(
  pool: Pool,
  links: LinkResolver,
  platformId: PlatformId,
  userId: string,
  given: readonly string[],
): Promise<Result<readonly string[]>> {
  const tags = [...new Set(given)].sort();
  assert(
    tags.length <= MAX_TAGS && tags.every((tag) => tagForm.test(tag)),
    'the form of tags is checked before',
  );
  const linked = await changeTags(pool, platformId, userId, tags);
  if (linked === undefined) return refuse(identityProblems.user_not_found());
  links.remember(platformId, userId, linked);
  return ok(tags);
}
