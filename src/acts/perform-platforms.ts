// Acts that issue a platform's credentials: done in the commit that ends the request, so that no
// secret is in force that nobody has seen.

import { identityProblems } from '../identity/identity.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { formatMoment } from '../kernel/time.ts';
import type { ActArguments, ActParts, Performer } from './types.ts';

const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;

type Described = Result<{ readonly words: string; readonly circumstances: ActArguments }>;

/**
 * Includes what makes a difference: another rotation ends the older secret, another revocation the
 * tokens.
 */
async function describePlatform(
  platformId: string,
  { identity }: ActParts,
  words: string,
): Promise<Described> {
  await identity.refresh();
  const platform = identity.findPlatform(platformId);
  if (platform === undefined) return refuse(identityProblems.platform_not_found());
  const { state, tokenVersion, formerSecret } = platform;
  const formerEnds = formerSecret === undefined ? 'none' : formatMoment(formerSecret.untilMs);
  return ok({
    words,
    circumstances: {
      state,
      token_generation: String(tokenVersion),
      former_secret_ends_at: formerEnds,
    },
  });
}

/** `days` is empty for as long as the network issues tokens; `revoke` is yes or no. */
export const platformToken: Performer<'platform_id' | 'days' | 'revoke'> = {
  arguments: ['platform_id', 'days', 'revoke'],
  inCommit: true,
  describe({ platform_id: platformId, days, revoke }, parts) {
    const valid = days === '' ? 'as long as the network issues them' : `${days} days`;
    const others = revoke === 'yes' ? 'All earlier ones end.' : 'Earlier ones stay valid.';
    return describePlatform(
      platformId,
      parts,
      `Issue a token of ${platformId}, valid ${valid}, and tell it to the person who ` +
        `approves. ${others}`,
    );
  },
  async perform({ platform_id: platformId, days, revoke }, _by, { identity }, client) {
    const lifetimeSeconds = days === '' ? undefined : Number(days) * DAY_SECONDS;
    const token = await identity.renewToken(
      platformId,
      { lifetimeSeconds, revoke: revoke === 'yes' },
      client,
    );
    return token.ok
      ? ok({ outcome: { platform_id: platformId }, secrets: { token: token.value } })
      : token;
  },
};

export const platformSecret: Performer<'platform_id' | 'overlap_hours'> = {
  arguments: ['platform_id', 'overlap_hours'],
  inCommit: true,
  describe({ platform_id: platformId, overlap_hours: hours }, parts) {
    const former =
      hours === '0'
        ? 'The one it has ends at once.'
        : `The one it has is good for ${hours} hours more.`;
    return describePlatform(
      platformId,
      parts,
      `Give ${platformId} a new signing secret, and tell it to the person who approves. ` +
        `${former} Any older one ends now.`,
    );
  },
  async perform(
    { platform_id: platformId, overlap_hours: hours },
    _by,
    { identity, clock },
    client,
  ) {
    const overlapMs = Number(hours) * HOUR_MS;
    const secret = await identity.rotateSecret(platformId, overlapMs, client);
    if (!secret.ok) return secret;
    const ends =
      overlapMs === 0 ? {} : { old_secret_ends_at: formatMoment(clock.now() + overlapMs) };
    return ok({ outcome: { platform_id: platformId, ...ends }, secrets: { secret: secret.value } });
  },
};
