// Opens the listening port, or says in a sentence why that is not possible.

import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:net';

import type { Config } from './config.ts';
import { OperatorError } from './operator-error.ts';

type Address = Pick<Config, 'host' | 'port'>;

/** Starts accepting; answers the base URL. */
export async function listen(server: FastifyInstance, { host, port }: Address): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw explain(error, { host, port });
  }
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

function explain(error: unknown, { host, port }: Address): unknown {
  const cause = { cause: error };
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new OperatorError('unavailable', `Port ${port} on ${host} is in use by another program. Stop that one, or choose another port with --port, for example --port ${port < 65_535 ? port + 1 : 8080} (0 takes any free one).`, cause);
    case 'EACCES':
      return new OperatorError('noPermission', `You may not listen on port ${port}. Choose a port from 1024 up with --port.`, cause);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new OperatorError('usage', `${host} is not an address of this machine. Choose another with --host.`, cause);
    default:
      return error;
  }
}
