// GET /api/points/balance: a user's points on the calling platform. A hosted platform's points come
// from the ledger; a connected platform is asked.

import { type Static, Type } from 'typebox';
import { connectionProblems } from '../../connections/connections.ts';
import { identityProblems } from '../../identity/identity.ts';
import type { MemberId } from '../../kernel/ids.ts';
import { type Result, ok, refuse } from '../../kernel/problem.ts';
import { addDays, NEVER } from '../../kernel/time.ts';
import { toPoints } from '../../views/points.ts';
import { defineRoute } from '../define-route.ts';
import type { Caller } from '../http/request-fields.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { Day, UserId } from '../schemas.ts';
import { closed, Points, UnixSeconds } from '../../views/schemas.ts';

const SOON_DAYS = 30;

const Query = closed({ user_id: UserId });

const Answer = Type.Object({
  user_id: Type.String(),
  platform_id: Type.String(),
  balance: Type.Number({
    description: 'All points, including held ones, minus what the user owes.',
  }),
  available: Type.Number({ description: 'Points that can be spent now.' }),
  held: Type.Number({ description: 'Points that holds set aside.' }),
  expiring: Type.Array(Type.Object({ expires_on: Day, amount: Points }), {
    description: 'Points that have a last day, earliest first.',
  }),
  expiring_soon: Type.Object(
    { within_days: Type.Integer(), amount: Points },
    { description: 'The points whose last day is within `within_days` days from today.' },
  ),
  timestamp: UnixSeconds,
});

type Balances = Pick<
  Static<typeof Answer>,
  'balance' | 'available' | 'held' | 'expiring' | 'expiring_soon'
>;

export const getBalance = defineRoute({
  operationId: 'getBalance',
  method: 'GET',
  url: '/api/points/balance',
  tag: 'points',
  summary: 'Balance of a user',
  description:
    'A connected platform is asked for its own figure. While it does not answer, the balance ' +
    'is unknown (503), never zero.',
  query: Query,
  answer: Answer,
  problems: ['missing_user_id', 'user_not_found', 'platform_unavailable'],
  serve:
    (parts) =>
    async ({ caller, query }) => {
      const { user_id: userId } = query;
      const member = await resolveUser(
        parts.identity,
        caller.platform.platformId,
        userId,
        'user_id',
      );
      if (!member.ok) return member;
      const balances =
        caller.points.custody === 'connected'
          ? await askPlatform(parts, caller, userId)
          : ok(await readLedger(parts, caller, member.value));
      if (!balances.ok) return balances;
      return ok({
        user_id: userId,
        platform_id: caller.platform.platformId,
        ...balances.value,
        timestamp: Math.floor(parts.clock.now() / 1000),
      });
    },
});

async function readLedger(
  { ledger, valuation, clock }: ApiParts,
  { platform, points }: Caller,
  memberId: MemberId,
): Promise<Balances> {
  const { balance, available, held, expiring } = await ledger.getBalance(
    memberId,
    platform.platformId,
  );
  const lastDay = addDays(valuation.rulebook().calendar.dayOf(clock.now()), SOON_DAYS);
  const soon = expiring.reduce(
    (sum, { expiresOn, amount }) => (expiresOn <= lastDay ? sum + amount : sum),
    0n,
  );
  return {
    balance: toPoints(balance, points),
    available: toPoints(available, points),
    held: toPoints(held, points),
    expiring: expiring
      .filter(({ expiresOn }) => expiresOn !== NEVER)
      .map(({ expiresOn, amount }) => ({
        expires_on: expiresOn,
        amount: toPoints(amount, points),
      })),
    expiring_soon: { within_days: SOON_DAYS, amount: toPoints(soon, points) },
  };
}

/**
 * Asks a connected platform for the balance. It holds nothing for the network, and the network does
 * not know when its points expire.
 */
async function askPlatform(
  { connections }: ApiParts,
  { platform, points }: Caller,
  userId: string,
): Promise<Result<Balances>> {
  const connector = connections.connectorOf(platform.platformId);
  if (connector === undefined)
    return refuse(
      connectionProblems.platform_unavailable('No connection of this platform is registered.'),
    );
  const said = await connector.findBalance(userId);
  if (said.outcome === 'no')
    return refuse(
      identityProblems.user_not_found('The platform says that it has no such user.', {
        field: 'user_id',
      }),
    );
  if (said.outcome === 'unknown') {
    const { reason, detail, retryAfterMs } = said;
    // These reasons are about things that the platform can repair, and they name no host.
    const told =
      reason === 'certificate' || reason === 'resting' || reason === 'status'
        ? `Asked for the balance, ${detail}.`
        : undefined;
    return refuse(
      connectionProblems.platform_unavailable(
        told,
        retryAfterMs === undefined ? {} : { retry_after: Math.ceil(retryAfterMs / 1_000) },
      ),
    );
  }
  const balance = said.value;
  return ok({
    balance: toPoints(balance, points),
    available: toPoints(balance > 0n ? balance : 0n, points),
    held: 0,
    expiring: [],
    expiring_soon: { within_days: SOON_DAYS, amount: 0 },
  });
}
