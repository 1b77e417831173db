// Opens the listening port, or explains in one sentence why that is not possible.

import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:net';

import type { Config } from './config.ts';
import { OperatorError } from './operator-error.ts';

type Address = Pick<Config, 'host' | 'port'>;

/**
 * Starts to accept connections and returns the base URL. Throws `OperatorError` when the port is
 * taken or not allowed; its sentence names `flag`.
 */
export async function listen(
  server: FastifyInstance,
  { host, port }: Address,
  flag = '--port',
): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw explain(error, { host, port }, flag);
  }
}

/** How many ports are tried, starting at the first one. */
const NEXT_PORTS = 20;

/**
 * Listens on the first free port from `from` on, or on any free port when 20 of them are taken. If
 * `port` is given, only that port is tried.
 */
export async function listenFrom(
  server: FastifyInstance,
  {
    host,
    port,
    from,
  }: { readonly host: string; readonly port: number | undefined; readonly from: number },
): Promise<string> {
  if (port !== undefined) return listen(server, { host, port }, '--metrics-port');
  const last = from === 0 ? 0 : Math.min(from + NEXT_PORTS, 65_536);
  for (let next = from; next < last; next += 1) {
    try {
      return await server.listen({ host, port: next });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE')
        throw explain(error, { host, port: next }, '--metrics-port');
    }
  }
  return listen(server, { host, port: 0 }, '--metrics-port');
}

/** Throws `OperatorError` when the port is not free. Called before the database is started. */
export async function checkPort({ host, port }: Address): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  try {
    await new Promise<void>((free, taken) => {
      probe.once('error', taken);
      probe.listen(port, host, free);
    });
  } catch (error) {
    throw explain(error, { host, port });
  } finally {
    await new Promise((closed) => void probe.close(closed));
  }
}

function explain(error: unknown, { host, port }: Address, flag = '--port'): unknown {
  const cause = { cause: error };
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new OperatorError(
        'unavailable',
        `Port ${port} on ${host} is in use by another program. Stop that one, or choose ` +
          `another port with ${flag}, for example ${flag} ${port < 65_535 ? port + 1 : 8080} (0 ` +
          'takes any free one).',
        cause,
      );
    case 'EACCES':
      return new OperatorError(
        'noPermission',
        `You may not listen on port ${port}. Choose a port from 1024 up with ${flag}.`,
        cause,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new OperatorError(
        'usage',
        `${host} is not an address of this machine. Choose another with --host.`,
        cause,
      );
    default:
      return error;
  }
}
