// The sandbox program, a connected platform: reads the command line, opens the ledger and starts
// the server.

import { parseArgs } from 'node:util';

import { createFaultPanel, FAULT_NAMES, readFaults, type Faults } from './faults.ts';
import { openLedger } from './ledger.ts';
import { parsePoints } from './points.ts';
import { createServer } from './server.ts';

const USAGE = `Usage: node sandbox/main.ts --platform ID --token T --secret S [options]

  --platform ID       this platform's id in the network, e.g. platform_c
  --token T           bearer token of the network's calls (or SANDBOX_TOKEN)
  --secret S          secret of the network's signatures (or SANDBOX_SECRET)
  --port N            0 takes any free port (default 8090)
  --host H            (default 127.0.0.1)
  --data FOLDER       folder of the ledger (default .sandbox)
  --user ID=POINTS    opens an account unless the user has one; may be repeated
  --until-stdin-ends  ends when standard input ends, so also with the program that started it
  --admin-token T     bearer token for /faults, /secret and /own (or SANDBOX_ADMIN_TOKEN)

Faults that are set at the start, see README.md: ${FAULT_NAMES.map(flagOf).join(' ')}
`;

interface Options {
  readonly platformId: string;
  readonly token: string;
  readonly secret: string;
  readonly adminToken: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly folder: string;
  readonly untilStdinEnds: boolean;
  readonly users: readonly (readonly [userId: string, hundredths: bigint])[];
  readonly faults: Faults;
}

function flagOf(fault: string): string {
  return `--${fault.replaceAll('_', '-')}`;
}

/** The options, or a sentence about what is wrong with them. */
function readOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Options | string {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      platform: text,
      token: text,
      secret: text,
      port: text,
      host: text,
      data: text,
      'admin-token': text,
      'until-stdin-ends': { type: 'boolean' },
      user: { type: 'string', multiple: true },
      ...Object.fromEntries(FAULT_NAMES.map((name) => [flagOf(name).slice(2), text] as const)),
    },
  });
  const given = values as Readonly<
    Record<string, string | boolean | readonly (string | boolean)[] | undefined>
  >;
  const one = (name: string): string | undefined =>
    typeof given[name] === 'string' ? given[name] : undefined;

  const platformId = one('platform');
  const token = one('token') ?? environment['SANDBOX_TOKEN'];
  const secret = one('secret') ?? environment['SANDBOX_SECRET'];
  if (!platformId || !token || !secret) return '--platform, --token and --secret are required.';
  const port = Number(one('port') ?? 8090);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    return '--port is not a number from 0 to 65535.';
  const users: (readonly [string, bigint])[] = [];
  for (const user of values.user ?? []) {
    const at = user.lastIndexOf('=');
    const hundredths = parsePoints(user.slice(at + 1));
    if (at < 1 || hundredths === undefined || hundredths < 0n)
      return `--user ${user} is not ID=POINTS.`;
    users.push([user.slice(0, at), hundredths]);
  }
  const faults = readFaults(
    Object.fromEntries(
      FAULT_NAMES.flatMap((name) => {
        const value = one(flagOf(name).slice(2));
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  );
  if (typeof faults === 'string') return faults;
  const adminToken = one('admin-token') ?? environment['SANDBOX_ADMIN_TOKEN'];
  return {
    platformId,
    token,
    secret,
    adminToken,
    port,
    host: one('host') ?? '127.0.0.1',
    folder: one('data') ?? '.sandbox',
    untilStdinEnds: given['until-stdin-ends'] === true,
    users,
    faults,
  };
}

async function main(): Promise<void> {
  let options: Options | string;
  try {
    options = readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    options = error instanceof Error ? error.message : String(error);
  }
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${USAGE}`);
    process.exitCode = 64;
    return;
  }
  const ledger = openLedger(options.folder);
  for (const [userId, hundredths] of options.users) ledger.addUser(userId, hundredths);
  const server = createServer({
    ledger,
    panel: createFaultPanel(options.faults),
    credentials: {
      platformId: options.platformId,
      token: options.token,
      secrets: [options.secret],
    },
    adminToken: options.adminToken,
  });
  const url = await server.listen({ host: options.host, port: options.port });
  process.stdout.write(`${options.platformId} answers on ${url}\n`);

  let stopping = false;
  const stop = (): void => {
    stopping = true;
    // Idle connections are closed at once; calls in progress are answered first.
    void server.close().then(() => {
      ledger.close();
      // An open standard input would keep the program running.
      process.stdin.destroy();
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stop();
    });
  }
  if (options.untilStdinEnds) {
    const abandoned = (): void => {
      // The program that waited for answers is gone, so calls in progress get one second.
      setTimeout(() => process.exit(0), 1_000).unref();
      if (!stopping) stop();
    };
    // A file only ends; a pipe may also break.
    process.stdin.resume().once('end', abandoned).once('error', abandoned).once('close', abandoned);
  }
}

await main();
