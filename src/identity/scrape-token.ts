// The token with which a monitor reads metrics and reasons. There is one for the network; it is
// shown once and stored as a hash. It allows no change.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pool } from '../runtime/database.ts';
import { selectScrapeToken, upsertScrapeToken } from './operator-store.ts';

const TOKEN = /^scrape_[A-Za-z0-9_-]{43}$/;

/** Makes and returns a new token; the former one becomes invalid at once. */
export async function renewScrapeToken(pool: Pool): Promise<string> {
  const token = `scrape_${randomBytes(32).toString('base64url')}`;
  await upsertScrapeToken(pool, hashToken(token));
  return token;
}

function looksLikeScrapeToken(token: string): boolean {
  return TOKEN.test(token);
}

/** True for the scrape token in force. */
export async function isScrapeToken(pool: Pool, token: string): Promise<boolean> {
  const known = looksLikeScrapeToken(token) ? await selectScrapeToken(pool) : undefined;
  return known !== undefined && timingSafeEqual(known, hashToken(token));
}

/** 256 random bits, so the token cannot be found from its plain hash. */
function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
