// Closes the connection of a request that is refused before its body was read.

import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * How long incoming bytes are still read and discarded, in milliseconds. In this time a client that
 * is still sending can read the answer.
 */
const LINGER_MS = 1_000;

/** True while more bytes of the body may arrive. Nothing will read them. */
export function hasUnreadBody({ headers, raw }: FastifyRequest): boolean {
  if (raw.complete) return false;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * Closes the connection once the answer is sent. The rest of the body could block the connection,
 * or a proxy could take it for the next request. Closing a socket with unread bytes resets it, and
 * the client loses the answer; so the bytes are read and discarded for `LINGER_MS` first.
 */
export function closeAfterAnswer({ raw: { socket } }: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close');
  // Node calls this method once the answer is written. A request that a test injects has no such
  // socket.
  if (!('destroySoon' in socket)) return;
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
}

/** True for a request on the same connection after a refused one. Such a request is ignored. */
export function comesAfterRefusal({ raw: { socket } }: FastifyRequest): boolean {
  return Object.hasOwn(socket, 'destroySoon');
}
