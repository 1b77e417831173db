// The network that is measured: the program as `script/start` runs it (embedded PostgreSQL, fsync
// on), with two platforms and many members with points.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '../src/api/server.ts';
import { createContext, type Context } from '../src/context.ts';
import { deriveMemberId, type MemberId, type PlatformId } from '../src/kernel/ids.ts';
import type { Outcome } from '../src/ledger/ledger.ts';
import { addPlatform } from '../src/network/network.ts';
import { parseConfig } from '../src/runtime/config.ts';
import { createLog } from '../src/runtime/log.ts';
import { createMetrics } from '../src/runtime/metrics.ts';

/** The platform that sends. */
export const SOURCE = 'platform_a' as PlatformId;
/** The platform that receives. */
export const TARGET = 'platform_b' as PlatformId;
/** Points that each member starts with, in minor units; they are never used up. */
const OPENING = 10n ** 13n;
/** Members that are linked to users, for measurements over HTTP. */
const LINKED = 2_000;

/** A running network for measurements. */
export interface Network {
  readonly context: Context;
  readonly members: readonly MemberId[];
  /** The platform's ids of the linked members. */
  readonly users: readonly string[];
  readonly credentials: {
    readonly platformId: string;
    readonly secret: string;
    readonly token: string;
  };
  /** Converts 123.45 of the member's points from platform_a to platform_b. */
  convert(memberId: MemberId): Promise<Outcome>;
  /** Starts the API on a free port. Returns its URL and how to stop it. */
  serve(): Promise<{ readonly url: string; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/** Starts a network with `memberCount` members in a temporary folder. */
export async function startNetwork(
  memberCount: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Network> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pontis-bench-'));
  const config = parseConfig(
    { dataDir },
    { ...process.env, DATABASE_URL: undefined, PONTIS_LOG_LEVEL: 'error', ...environment },
  );
  const context = await createContext(config, { log: createLog(config.logLevel), mode: 'own' });
  // A cap as in production, large enough never to be reached.
  const reserveCapMinor = 10n ** 17n;
  const added = await addPlatform(context, {
    platformId: SOURCE,
    name: 'A',
    custody: 'hosted',
    multiplier: '1.0',
    reserveCapMinor,
  });
  await addPlatform(context, {
    platformId: TARGET,
    name: 'B',
    custody: 'hosted',
    multiplier: '1.2',
    reserveCapMinor,
  });
  if (!added.ok) throw new Error(added.problem.detail);

  const users = Array.from(
    { length: Math.min(LINKED, memberCount) },
    (_, index) => `user_${index}`,
  );
  const linked = users.map((user) => deriveMemberId(SOURCE, user));
  for (const [platformId, memberIds] of [
    [SOURCE, undefined],
    [TARGET, linked],
  ] as const) {
    const links = await Promise.all(
      users.map((user, index) => context.identity.linkUser(platformId, user, memberIds?.[index])),
    );
    if (links.some((link) => !link.ok)) throw new Error('not all users were linked');
  }
  const members = [
    ...linked,
    ...Array.from(
      { length: memberCount - linked.length },
      () => randomUUID() as string as MemberId,
    ),
  ];
  for (let from = 0; from < members.length; from += 10_000) {
    await Promise.all(
      members.slice(from, from + 10_000).map((memberId) =>
        context.ledger.submit({
          kind: 'earn',
          platformId: SOURCE,
          memberId,
          key: 'opening',
          amount: OPENING,
        }),
      ),
    );
  }
  let count = 0;
  return {
    context,
    members,
    users,
    credentials: added.value,
    convert: (memberId) => {
      count += 1;
      return context.ledger.submit({
        kind: 'transfer',
        platformId: SOURCE,
        memberId,
        key: `bench ${count}`,
        amount: 12_345n,
        targetPlatformId: TARGET,
        toMemberId: memberId,
      });
    },
    serve: async () => {
      // A separate registry, because a server registers its metrics once.
      const server = await createServer({
        ...context,
        metrics: createMetrics({ processMetrics: false }),
      });
      const url = await server.listen({ host: '127.0.0.1', port: 0 });
      return { url, stop: () => server.close() };
    },
    stop: async () => {
      await context.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
