// Ends the connection of a request that is refused before its body was read.

import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * How long what is still sent is thrown away, so that a client that sends gets to read the answer.
 */
const LINGER_MS = 1_000;

/** True while bytes of the body may still come, which nobody is going to read. */
export function hasUnreadBody({ headers, raw }: FastifyRequest): boolean {
  if (raw.complete) return false;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * The rest of the body could hold up the connection, or be taken for the next request by something
 * in between. A socket that is closed with unread bytes is reset and takes the answer with it, so
 * the bytes are read and forgotten for a moment first.
 */
export function closeAfterAnswer({ raw: { socket } }: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close');
  // Node closes a connection by this method once the answer is written; a test that injects has
  // none.
  if (!('destroySoon' in socket)) return;
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
}

/** True for a request that came on after the one that was refused: it is not even looked at. */
export function comesAfterRefusal({ raw: { socket } }: FastifyRequest): boolean {
  return Object.hasOwn(socket, 'destroySoon');
}
