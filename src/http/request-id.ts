// A name for each request: the caller's when it is sane, else one of ours.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SANE = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * Ours are `req_`, random digits of this process, and a counter: unique without asking for
 * randomness each time.
 */
export function createRequestIds(): (request: IncomingMessage) => string {
  const prefix = `req_${randomBytes(6).toString('hex')}_`;
  let count = 0;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && SANE.test(given)) return given;
    count += 1;
    return prefix + count.toString(36);
  };
}
