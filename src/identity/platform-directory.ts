// All platforms in memory. Asks the database every second whether anything has changed.

import { createSecretKey } from 'node:crypto';
import type { Pool } from '../runtime/database.ts';
import { inTurn } from '../runtime/in-turn.ts';
import type { Log } from '../runtime/log.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { Sealer } from '../security/security.ts';
import { startPoll } from '../runtime/poll.ts';
import { readDirectoryVersion, selectPlatforms, type PlatformRow } from './store.ts';
import type { Platform } from './types.ts';

/** The platforms of the network, from memory. */
export interface PlatformDirectory {
  find(platformId: string): Platform | undefined;
  list(): readonly Platform[];
  /** Reads changes at once; the process that made a change calls it. */
  refresh(): Promise<void>;
  close(): void;
}

const POLL_MS = 1_000;

/** Reads all platforms and follows changes until `close`. */
export async function createPlatformDirectory(
  pool: Pool,
  sealer: Sealer,
  log: Log,
): Promise<PlatformDirectory> {
  let platforms = new Map<string, Platform>();
  let version = '';

  const refresh = inTurn(async () => {
    // The version is read before the rows: a change in between only causes one more reading.
    const found = await readDirectoryVersion(pool);
    if (found === version) return;
    const rows = await selectPlatforms(pool);
    platforms = new Map(
      rows.map((row) => [
        row.platform_id,
        readPlatform(row, platforms.get(row.platform_id), sealer),
      ]),
    );
    version = found;
  });

  await refresh();
  const poll = startPoll({ what: 'changes of platforms', everyMs: POLL_MS, log, ask: refresh });

  return {
    find: (platformId) => platforms.get(platformId),
    list: () => [...platforms.values()],
    refresh,
    close: () => poll.close(),
  };
}

/** The secret of an unchanged row is not decrypted again. */
function readPlatform(row: PlatformRow, known: Platform | undefined, sealer: Sealer): Platform {
  if (known?.revision === row.revision) return known;
  return {
    platformId: row.platform_id,
    ownerId: row.owner_id,
    name: row.name,
    custody: row.custody,
    state: row.state,
    signing: row.signing,
    secretKey: createSecretKey(openSecret(row, sealer), 'utf8'),
    ...formerSecretOf(row, sealer),
    tokenVersion: row.token_version,
    revision: row.revision,
    createdAtMs: row.created_at.getTime(),
  };
}

function formerSecretOf(row: PlatformRow, sealer: Sealer): Pick<Platform, 'formerSecret'> {
  const { platform_id, sealed_former_secret: sealed_secret, former_secret_until: until } = row;
  if (sealed_secret === null || until === null) return {};
  return {
    formerSecret: {
      key: createSecretKey(openSecret({ platform_id, sealed_secret }, sealer), 'utf8'),
      untilMs: until.getTime(),
    },
  };
}

/** Decrypts the secret of a platform. Throws `OperatorError` when the master key is another one. */
export function openSecret(
  row: Pick<PlatformRow, 'platform_id' | 'sealed_secret'>,
  sealer: Sealer,
): string {
  try {
    return sealer.open(row.sealed_secret, row.platform_id);
  } catch (error) {
    throw new OperatorError(
      'badConfiguration',
      `The secret of ${row.platform_id} cannot be opened with this master key. Start with the ` +
        'PONTIS_MASTER_KEY or the master.key file that this database was created with.',
      { cause: error },
    );
  }
}
