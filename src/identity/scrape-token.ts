// The token under which a monitor reads figures and reasons: one for the network, told once and
// kept as a hash. It changes nothing.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pool } from '../runtime/database.ts';
import { selectScrapeToken, upsertScrapeToken } from './store.ts';

const TOKEN = /^scrape_[A-Za-z0-9_-]{43}$/;

/** The new one; the former one stops working at once. */
export async function renewScrapeToken(pool: Pool): Promise<string> {
  const token = `scrape_${randomBytes(32).toString('base64url')}`;
  await upsertScrapeToken(pool, hashToken(token));
  return token;
}

function looksLikeScrapeToken(token: string): boolean {
  return TOKEN.test(token);
}

export async function isScrapeToken(pool: Pool, token: string): Promise<boolean> {
  const known = looksLikeScrapeToken(token) ? await selectScrapeToken(pool) : undefined;
  return known !== undefined && timingSafeEqual(known, hashToken(token));
}

/** 256 random bits: nobody finds a token from its plain hash. */
function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
