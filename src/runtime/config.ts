// All settings of the program in one table. They are parsed once into one typed object; a flag
// takes precedence over the environment, and the environment over the default.

import { isIP } from 'node:net';
import { join, resolve } from 'node:path';

import { DAY_MS } from '../kernel/time.ts';
import { OperatorError } from './operator-error.ts';
import {
  EVERY_RANGE,
  LOOPBACK_RANGES,
  NO_PRIVATE_RANGES,
  parseRange,
  type AllowedRanges,
} from './target-guard.ts';

/** From the most severe to the least severe; `silent` logs nothing. */
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
/** One of `logLevels`. */
export type LogLevel = (typeof logLevels)[number];

/** The roles that a process can have. */
const roleNames = ['all', 'api', 'worker'] as const;
/** One of `roleNames`. */
export type RoleName = (typeof roleNames)[number];

/** All settings of a process, parsed. */
export interface Config {
  /** The listeners and loops that this process runs. */
  readonly role: RoleName;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /**
   * Port on which monitors read /metrics without a token. The next free port after `port` when
   * undefined; 0 takes any free port.
   */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  /** Create the demo network when the database holds no network. */
  readonly demo: boolean;
  /** Run the sandbox platform beside the program. When undefined, `runsSandbox` decides. */
  readonly sandbox: boolean | undefined;
  /** URL of an external PostgreSQL 15 or newer. The embedded one is used when undefined. */
  readonly databaseUrl: string | undefined;
  /** The network's master key. When undefined, it is the file `master.key` in the data folder. */
  readonly masterKey: string | undefined;
  readonly logLevel: LogLevel;
  /** Number of database connections on which the ledger posts, 1..64. */
  readonly lanes: number;
  /**
   * Number of buckets of a network that is created now, 1..65536. An existing network keeps its
   * number.
   */
  readonly buckets: number;
  /** Most transfers over connected platforms that a process works on at a time, 1..2000. */
  readonly sagas: number;
  /** Age, in milliseconds, from which such a transfer is listed for an operator. */
  readonly sagaDeadlineMs: number;
  /** Seconds between two automatic reconciliations of a platform; 0 for none. */
  readonly reconcileEveryS: number;
  /** Milliseconds that requests in flight may take to finish when the program stops. */
  readonly drainTimeoutMs: number;
  /**
   * Milliseconds, when the program stops, in which /health/ready already answers 503 while
   * connections are still accepted. In this time load balancers notice.
   */
  readonly drainNoticeMs: number;
  /**
   * Private addresses that webhooks and connectors may use. When undefined, `privateRangesOf`
   * decides.
   */
  readonly privateTargets: AllowedRanges | undefined;
  /**
   * Addresses of reverse proxies. Their X-Forwarded-For is trusted for the address of the caller.
   */
  readonly trustedProxies: readonly string[];
  /**
   * Shares of a net debit cap, in percent. The platform and the operators are alerted when the use
   * reaches one of them.
   */
  readonly reserveThresholds: readonly number[];
  /**
   * Share of a net debit cap, in percent. A platform becomes receive_only when its use reaches it;
   * never when undefined.
   */
  readonly reserveReceiveOnlyAt: number | undefined;
}

interface Setting<T> {
  readonly env: string;
  /** The flag in commander's syntax. Absent for settings that only the environment can give. */
  readonly flag?: string;
  /** The flag for the opposite, for settings that have one. */
  readonly opposite?: string;
  readonly help: string;
  readonly initial: T;
  /** Returns the value. Throws `Unfit` with a text that completes "… must be". */
  parse(text: string): T;
}

/** The flags of the command line, as commander gives them: texts, and booleans for switches. */
export type Flags = Readonly<Partial<Record<keyof Config, string | boolean | undefined>>>;
/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const CHECKOUT = resolve(import.meta.dirname, '..', '..');

/** Thrown by a setting's parser. The message completes "… must be". */
class Unfit extends Error {}

function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high)) throw new Unfit(`a whole number from ${low} to ${high}`);
    return value;
  };
}

function percentages(text: string): readonly number[] {
  const values = text
    .split(',')
    .map((item) => (/^ *\d{1,3} *$/.test(item) ? Number(item) : Number.NaN));
  if (values.length > 10 || !values.every((value) => value >= 1 && value <= 100))
    throw new Unfit('at most ten whole percentages from 1 to 100, such as 50,75,90');
  return [...new Set(values)].sort((a, b) => a - b);
}

function oneOf<const T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found === undefined) throw new Unfit(`one of ${values.join(', ')}`);
    return found;
  };
}

function yesOrNo(text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new Unfit('true or false');
}

function postgresUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text))
    throw new Unfit('a connection string such as postgres://user:password@host:5432/database');
  return text;
}

function ranges(text: string): AllowedRanges {
  if (/^(true|false)$/i.test(text)) return yesOrNo(text) ? EVERY_RANGE : NO_PRIVATE_RANGES;
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => parseRange(part) === undefined))
    throw new Unfit('true, false or ranges such as 10.1.0.0/16,fd00::/8');
  return parts;
}

/**
 * True for an address or a range, but not for a range of all addresses: that would trust everybody.
 */
function isSomeAddress(part: string): boolean {
  return !part.includes('%') && (isIP(part) !== 0 || (parseRange(part)?.prefix ?? 0) > 0);
}

function addresses(text: string): readonly string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every(isSomeAddress)) {
    throw new Unfit('addresses or ranges (but not of all addresses), such as 10.1.0.7,fd00::/8');
  }
  return parts;
}

function nonEmpty(text: string): string {
  if (text === '') throw new Unfit('a text that is not empty');
  return text;
}

/** The table of settings: names, help, default and parser of each. */
export const settings: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  role: {
    env: 'PONTIS_ROLE',
    flag: '--role <role>',
    help: `what this process does: ${roleNames.join(', ')}`,
    initial: 'all',
    parse: oneOf(roleNames),
  },
  host: {
    env: 'PONTIS_HOST',
    flag: '--host <address>',
    help: 'address to listen on',
    initial: '127.0.0.1',
    parse: nonEmpty,
  },
  port: {
    env: 'PONTIS_PORT',
    flag: '--port <number>',
    help: 'port to listen on; 0 takes any free one',
    initial: 8080,
    parse: integer(0, 65_535),
  },
  metricsPort: {
    env: 'PONTIS_METRICS_PORT',
    flag: '--metrics-port <number>',
    help:
      'port for /metrics without a token, on this machine only; the next free one when absent, ' +
      '0 takes any',
    initial: undefined,
    parse: integer(0, 65_535),
  },
  metricsHost: {
    env: 'PONTIS_METRICS_HOST',
    help: 'address of the metrics port, for a monitor on another machine',
    initial: '127.0.0.1',
    parse: nonEmpty,
  },
  // The default lies beside the program and does not depend on the working directory. So every
  // command finds the same network.
  dataDir: {
    env: 'PONTIS_DATA',
    flag: '--data <folder>',
    help: 'data folder',
    initial: join(CHECKOUT, '.pontis'),
    parse: (text) => resolve(nonEmpty(text)),
  },
  demo: {
    env: 'PONTIS_DEMO',
    flag: '--no-demo',
    help: 'do not create the demo network',
    initial: true,
    parse: yesOrNo,
  },
  sandbox: {
    env: 'PONTIS_SANDBOX',
    flag: '--sandbox',
    opposite: '--no-sandbox',
    help:
      'run the sandbox, a connected platform, as platform_c of the demo network; by default only ' +
      'without DATABASE_URL',
    initial: undefined,
    parse: yesOrNo,
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    help: 'external PostgreSQL 15 or newer instead of the embedded one',
    initial: undefined,
    parse: postgresUrl,
  },
  masterKey: {
    env: 'PONTIS_MASTER_KEY',
    help: 'master key of the network instead of the file in the data folder',
    initial: undefined,
    parse: nonEmpty,
  },
  logLevel: {
    env: 'PONTIS_LOG_LEVEL',
    flag: '--log-level <level>',
    help: `least severe line logged: ${logLevels.join(', ')}`,
    initial: 'info',
    parse: oneOf(logLevels),
  },
  lanes: {
    env: 'PONTIS_LANES',
    help: 'connections on which the ledger posts',
    initial: 3,
    parse: integer(1, 64),
  },
  buckets: {
    env: 'PONTIS_BUCKETS',
    help: 'number of buckets of a new network; it cannot change later (docs/decisions/0002)',
    initial: 3,
    parse: integer(1, 65_536),
  },
  sagas: {
    env: 'PONTIS_SAGAS',
    help: 'most transfers over connected platforms that a process works on at a time',
    initial: 200,
    parse: integer(1, 2_000),
  },
  sagaDeadlineMs: {
    env: 'PONTIS_SAGA_DEADLINE_MS',
    help: 'milliseconds until an unfinished transfer of this kind is listed for an operator',
    initial: 600_000,
    parse: integer(1_000, DAY_MS),
  },
  reconcileEveryS: {
    env: 'PONTIS_RECONCILE_EVERY_S',
    help: 'seconds between two automatic reconciliations of a platform; 0 turns them off',
    initial: 900,
    parse: integer(0, 2_592_000),
  },
  drainTimeoutMs: {
    env: 'PONTIS_DRAIN_TIMEOUT_MS',
    help: 'milliseconds that requests in flight may take to finish when the program stops',
    initial: 10_000,
    parse: integer(0, 600_000),
  },
  drainNoticeMs: {
    env: 'PONTIS_DRAIN_NOTICE_MS',
    help: 'milliseconds that /health/ready answers 503 before a stopping program closes its port',
    initial: 0,
    parse: integer(0, 600_000),
  },
  privateTargets: {
    env: 'PONTIS_ALLOW_PRIVATE_TARGETS',
    help: 'private addresses that webhooks and connectors may use: true, false or ranges',
    initial: undefined,
    parse: ranges,
  },
  trustedProxies: {
    env: 'PONTIS_TRUSTED_PROXIES',
    initial: [],
    parse: addresses,
    help: 'addresses or ranges of reverse proxies whose X-Forwarded-For is trusted',
  },
  reserveThresholds: {
    env: 'PONTIS_RESERVE_THRESHOLDS',
    help: 'shares of a net debit cap, in percent; an alert is sent when the use reaches one of them',
    initial: [50, 75, 90],
    parse: percentages,
  },
  reserveReceiveOnlyAt: {
    env: 'PONTIS_RESERVE_RECEIVE_ONLY_AT',
    help: 'share of its net debit cap, in percent; a platform whose use reaches it becomes receive_only',
    initial: undefined,
    parse: integer(1, 100),
  },
};

/**
 * Private addresses that webhooks and connectors may use. By default none. A demo network that only
 * this machine can reach (embedded database, loopback address) may call platforms on this machine,
 * because the sandbox runs there.
 */
export function privateRangesOf({
  privateTargets,
  demo,
  host,
  databaseUrl,
}: Pick<Config, 'privateTargets' | 'demo' | 'host' | 'databaseUrl'>): AllowedRanges {
  const local =
    demo && databaseUrl === undefined && /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);
  return privateTargets ?? (local ? LOOPBACK_RANGES : NO_PRIVATE_RANGES);
}

/**
 * True when this process runs the sandbox. By default, a demo network with the embedded database
 * has it, for trying a connected platform. A network on an external database has it only if the
 * setting says so, and then in one process.
 */
export function runsSandbox({
  sandbox,
  role,
  demo,
  databaseUrl,
}: Pick<Config, 'sandbox' | 'role' | 'demo' | 'databaseUrl'>): boolean {
  return sandbox ?? (role === 'all' && demo && databaseUrl === undefined);
}

/**
 * Private addresses that connectors may use. The sandbox of this program is always on this machine,
 * even when the program listens on another address.
 */
export function connectorRangesOf(config: Config): AllowedRanges {
  return runsSandbox(config)
    ? [...privateRangesOf(config), ...LOOPBACK_RANGES]
    : privateRangesOf(config);
}

/** The names of all settings, in the order of the table. */
export const settingNames = Object.keys(settings) as (keyof Config)[];

/**
 * Parses all settings; nothing reads the environment after this call. Throws `OperatorError` with a
 * sentence about the first invalid setting.
 */
export function parseConfig(flags: Flags, environment: Environment): Config {
  const values: Record<string, unknown> = {};
  for (const key of settingNames) values[key] = parseSetting(key, flags, environment);
  return values as unknown as Config;
}

function parseSetting(key: keyof Config, flags: Flags, environment: Environment): unknown {
  const setting: Setting<unknown> = settings[key];
  const flag = flags[key];
  if (typeof flag === 'boolean') return flag;
  const text = flag ?? (environment[setting.env] || undefined);
  if (text === undefined) return setting.initial;
  try {
    return setting.parse(text);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const name = flag === undefined ? setting.env : (setting.flag?.split(' ')[0] ?? setting.env);
    // A connection string holds a password, and the master key is a secret, so neither is repeated.
    const given = key === 'databaseUrl' || key === 'masterKey' ? '' : `, not "${text}"`;
    throw new OperatorError('usage', `${name} must be ${error.message}${given}.`);
  }
}
