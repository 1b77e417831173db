// Opens the listening port, or says in a sentence why that is not possible.

import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:net';

import type { Config } from './config.ts';
import { OperatorError } from './operator-error.ts';

type Address = Pick<Config, 'host' | 'port'>;

/** Starts accepting; answers the base URL. */
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

/** How many ports after a taken one are tried. */
const NEXT_PORTS = 20;

/**
 * The same on the first port from there on that is free; any when there is none. A port that was
 * named is tried alone.
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

/** Fails early, before the database is started, when the port is not to be had. */
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
