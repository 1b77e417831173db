// The registry of connections: the address and token of each connected platform, from memory, and
// the client to call it. Calls are signed with the platform's own secret, with which it signs too:
// the platform keeps one key, and rotating it rotates both directions.

import { identityProblems, type Identity, type Platform } from '../identity/identity.ts';
import { isPlatformId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import type { Pool } from '../runtime/database.ts';
import { inTurn } from '../runtime/in-turn.ts';
import type { Log } from '../runtime/log.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import { startPoll } from '../runtime/poll.ts';
import type { Sealer } from '../security/security.ts';
import { createConnectorClient, type ConnectorClient } from './connector-client.ts';
import type { TransportOptions } from './connector-transport.ts';
import { connectionProblems } from './problems.ts';
import {
  readConnectionsVersion,
  removeConnection,
  selectConnections,
  writeConnection,
  type ConnectionRow,
} from './store.ts';
import type { ConnectorTarget } from './types.ts';

/** A connection without its token, which may be shown. */
export interface Connection {
  readonly platformId: PlatformId;
  /** Base URL; the connector API lies under it at `/api/internal/`. */
  readonly url: string;
  /** An operator, or `onboarding` or `sandbox`. */
  readonly changedBy: string;
  readonly changedAtMs: number;
  readonly revision: bigint;
}

export interface ConnectionToSet {
  readonly platformId: string;
  readonly url: string;
  /** Bearer token that the platform issued to the network. */
  readonly token: string;
}

export interface Connections {
  /**
   * The client of a platform; undefined while it has no connection. One client for each state of
   * the connection, from memory. Changes by other processes show within about a second.
   */
  connectorOf(platformId: PlatformId): ConnectorClient | undefined;
  /** Everything needed to call it, including secrets: for the conformance suite only. */
  targetOf(platformId: PlatformId): ConnectorTarget | undefined;
  find(platformId: string): Connection | undefined;
  list(): readonly Connection[];
  /**
   * Registers or replaces a connection; the platform need not exist yet. Setting the present values
   * again is no change.
   */
  set(connection: ConnectionToSet, changedBy: string): Promise<Result<Connection>>;
  remove(platformId: string, changedBy: string): Promise<Result<PlatformId>>;
  /** The refusal that `set` would give. */
  check(connection: ConnectionToSet): Promise<Result<PlatformId>>;
  /** The connection of a platform as the database has it. */
  require(platformId: string): Promise<Result<Connection>>;
  /** Reads changes by other processes at once. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectionsParts {
  readonly pool: Pool;
  readonly identity: Pick<Identity, 'findPlatform'>;
  readonly sealer: Sealer;
  readonly log: Log;
  readonly clock: Clock;
  /** How platforms are called; an egress also decides which addresses a connection may name. */
  readonly transport?: Omit<TransportOptions, 'now'>;
}

interface Known extends Connection {
  readonly token: string;
}

interface CachedClient {
  readonly known: Known;
  readonly secretKey: Platform['secretKey'];
  readonly client: ConnectorClient;
}

const POLL_MS = 1_000;
const MAX_URL_LENGTH = 2_048;
/** Characters allowed in an Authorization header (RFC 6750). */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

export async function createConnections({
  pool,
  identity,
  sealer,
  log,
  clock,
  transport = {},
}: ConnectionsParts): Promise<Connections> {
  let connections = new Map<string, Known>();
  let version = '';
  const clients = new Map<string, CachedClient>();

  const refresh = inTurn(async () => {
    // The version is read first: a change in between only causes one more look.
    const found = await readConnectionsVersion(pool);
    if (found === version) return;
    const rows = await selectConnections(pool);
    connections = new Map(
      rows.map((row) => [
        row.platform_id,
        readConnection(row, connections.get(row.platform_id), sealer),
      ]),
    );
    for (const platformId of clients.keys())
      if (!connections.has(platformId)) clients.delete(platformId);
    version = found;
  });

  function targetOf(platformId: PlatformId): ConnectorTarget | undefined {
    const known = connections.get(platformId);
    const platform = identity.findPlatform(platformId);
    if (known === undefined || platform?.custody !== 'connected') return undefined;
    const { secretKey, formerSecret: former } = platform;
    const formerSecret =
      former === undefined
        ? {}
        : {
            formerSecret: { secret: former.key.export().toString('utf8'), untilMs: former.untilMs },
          };
    return {
      url: known.url,
      platformId,
      token: known.token,
      secret: secretKey.export().toString('utf8'),
      ...formerSecret,
    };
  }

  async function check({ platformId, url, token }: ConnectionToSet): Promise<Result<PlatformId>> {
    if (!isPlatformId(platformId)) return refuse(identityProblems.invalid_platform_id());
    const [field, sentence] = faultOf(url, token) ?? [];
    if (field !== undefined)
      return refuse(connectionProblems.invalid_connection(sentence, { field }));
    const refused = await transport.egress?.findTargetFault(url);
    return refused === undefined
      ? ok(platformId)
      : refuse(connectionProblems.invalid_connection(`url ${refused}.`, { field: 'url' }));
  }

  await refresh();
  const poll = startPoll({ what: 'changes of connections', everyMs: POLL_MS, log, ask: refresh });

  return {
    connectorOf(platformId) {
      const known = connections.get(platformId);
      const secretKey = identity.findPlatform(platformId)?.secretKey;
      const cached = clients.get(platformId);
      if (cached !== undefined && cached.known === known && cached.secretKey === secretKey)
        return cached.client;
      const target = targetOf(platformId);
      if (target === undefined || known === undefined || secretKey === undefined) return undefined;
      const client = createConnectorClient(target, { ...transport, now: clock.now });
      clients.set(platformId, { known, secretKey, client });
      return client;
    },
    targetOf,
    find: (platformId) => show(connections.get(platformId)),
    list: () => [...connections.values()].flatMap((known) => show(known) ?? []),

    check,
    async require(platformId) {
      await refresh();
      const known = show(connections.get(platformId));
      return known === undefined ? refuse(connectionProblems.connection_not_found()) : ok(known);
    },
    async set({ platformId: wanted, url, token }, changedBy) {
      const checked = await check({ platformId: wanted, url, token });
      if (!checked.ok) return checked;
      const { value: platformId } = checked;
      await refresh();
      const before = connections.get(platformId);
      if (before?.url !== url || before.token !== token) {
        await writeConnection(pool, {
          platform_id: platformId,
          url,
          sealed_token: sealer.seal(token, contextOf(platformId)),
          changed_by: changedBy,
          changed_at: new Date(clock.now()),
        });
        await refresh();
      }
      const after = show(connections.get(platformId));
      return after === undefined ? refuse(connectionProblems.connection_not_found()) : ok(after);
    },
    async remove(platformId, changedBy) {
      const removed =
        isPlatformId(platformId) &&
        (await removeConnection(pool, platformId, changedBy, new Date(clock.now())));
      await refresh();
      return removed ? ok(platformId) : refuse(connectionProblems.connection_not_found());
    },
    refresh,
    async close() {
      poll.close();
    },
  };
}

/** The connected platform of this id, for a caller that is about to give it a connection. */
export async function requireConnected(
  identity: Identity,
  platformId: string,
): Promise<Result<Platform>> {
  await identity.refresh();
  const platform = identity.findPlatform(platformId);
  if (platform === undefined) return refuse(identityProblems.platform_not_found());
  return platform.custody === 'connected'
    ? ok(platform)
    : refuse(connectionProblems.hosted_platform());
}

function show(known: Known | undefined): Connection | undefined {
  if (known === undefined) return undefined;
  const { token: _token, ...shown } = known;
  return shown;
}

/** An unchanged row keeps its client, and its token is not unsealed again. */
function readConnection(row: ConnectionRow, before: Known | undefined, sealer: Sealer): Known {
  if (before?.revision === row.revision) return before;
  return {
    platformId: row.platform_id,
    url: row.url,
    token: openToken(row, sealer),
    changedBy: row.changed_by,
    changedAtMs: row.changed_at.getTime(),
    revision: row.revision,
  };
}

function openToken(
  { platform_id: platformId, sealed_token: sealed }: ConnectionRow,
  sealer: Sealer,
): string {
  try {
    return sealer.open(sealed, contextOf(platformId));
  } catch (error) {
    throw new OperatorError(
      'badConfiguration',
      `The token of the connection of ${platformId} cannot be opened with this master key. ` +
        'Start with the PONTIS_MASTER_KEY or the master.key file that this database was created ' +
        'with.',
      { cause: error },
    );
  }
}

function contextOf(platformId: string): string {
  return `connection/${platformId}`;
}

/** The field of a connection that is wrong, and why; or nothing. */
function faultOf(
  url: string,
  token: string,
): readonly [field: string, sentence: string] | undefined {
  if (url.length > MAX_URL_LENGTH || !URL.canParse(url)) return ['url', 'url is not a URL.'];
  const { protocol, username, password, search, hash } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:')
    return ['url', 'url is neither http nor https.'];
  if (username !== '' || password !== '')
    return ['url', 'url contains a user or a password; give the token by itself.'];
  if (search !== '' || hash !== '') return ['url', 'url has a query or a fragment.'];
  return TOKEN.test(token)
    ? undefined
    : ['token', 'token is not 1 to 4096 visible ASCII characters.'];
}
