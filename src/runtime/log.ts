// Structured logs: one JSON object a line on standard error, without secrets and without the
// content of requests.

import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { formatMoment } from '../kernel/time.ts';

import type { LogLevel } from './config.ts';

/** The log of a process or of a part of it. */
export type Log = Logger;

const SECRET_NAME =
  /secret|token|signature|password|authorization|cookie|credential|private.?key|master.?key|database.?url/i;
const REDACTED = '[redacted]';
const MAX_DEPTH = 6;

/**
 * Makes a log that writes lines of `level` and above. They go to standard error, because standard
 * output belongs to the results of commands; `output` is for tests.
 */
export function createLog(
  level: LogLevel,
  output: DestinationStream = destination({ fd: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${formatMoment(Date.now())}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => redact(object, 0) as Record<string, unknown>,
      },
      // A child's bindings do not pass the formatter above.
      redact: {
        paths: ['secret', 'token', 'signature', 'password', 'authorization', 'cookie'],
        censor: REDACTED,
      },
      serializers: { req: describeRequest, err: describeError },
    },
    output,
  );
}

/**
 * Replaces the value of each member whose name is that of a secret, down to six levels. Errors and
 * class instances are left as they are.
 */
function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    result[name] =
      SECRET_NAME.test(name) && member !== undefined && member !== null
        ? REDACTED
        : redact(member, depth + 1);
  }
  return result;
}

/** A request without its query, headers and body, which hold personal data and secrets. */
function describeRequest(request: {
  readonly method?: string;
  readonly url?: string;
  readonly id?: unknown;
}): Record<string, unknown> {
  return { id: request.id, method: request.method, path: request.url?.split('?')[0] };
}

/** An error without PostgreSQL's `detail`, `where` and parameters, which contain rows. */
function describeError(error: Error): Record<string, unknown> {
  const { type, message, stack } = stdSerializers.err(error);
  const code = (error as { code?: unknown }).code;
  return { type, message, stack, ...(typeof code === 'string' ? { code } : {}) };
}
