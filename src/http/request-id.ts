// Gives each request an id: the caller's X-Request-ID if it is well-formed, otherwise a generated
// one.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const WELL_FORMED = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * A generated id is `req_`, random digits of this process, and a counter. So it is unique without
 * drawing new random bytes for each request.
 */
export function createRequestIds(): (request: IncomingMessage) => string {
  const prefix = `req_${randomBytes(6).toString('hex')}_`;
  let count = 0;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && WELL_FORMED.test(given)) return given;
    count += 1;
    return prefix + count.toString(36);
  };
}
