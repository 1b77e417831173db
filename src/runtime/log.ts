// Structured logs, one JSON object a line on standard error, in which no secret and no request
// content survives.

import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const SECRET_NAME =
  /secret|token|signature|password|authorization|cookie|credential|private.?key|master.?key|database.?url/i;
const REDACTED = '[redacted]';
const MAX_DEPTH = 6;

/**
 * `output` is for tests; by default lines go to standard error, which leaves standard output to
 * answers.
 */
export function createLog(
  level: LogLevel,
  output: DestinationStream = destination({ fd: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
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
 * Replaces the value of every member whose name says that it is a secret, wherever it is. Errors
 * and class instances pass.
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

/** A request without its query, headers and body: those name people and carry secrets. */
function describeRequest(request: {
  readonly method?: string;
  readonly url?: string;
  readonly id?: unknown;
}): Record<string, unknown> {
  return { id: request.id, method: request.method, path: request.url?.split('?')[0] };
}

/** An error without PostgreSQL's `detail`, `where` and parameters, which quote rows. */
function describeError(error: Error): Record<string, unknown> {
  const { type, message, stack } = stdSerializers.err(error);
  const code = (error as { code?: unknown }).code;
  return { type, message, stack, ...(typeof code === 'string' ? { code } : {}) };
}
