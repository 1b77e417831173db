// Sends one signed request to a connected platform and says what came back, or what became of the connection.

import { signRequest } from '../../security/security.ts';
import type { ConnectorTarget, UnknownReason } from './types.ts';

export interface ConnectorRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, percent-encoded, without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON text, signed and sent byte for byte. */
  readonly body?: string;
}

/** For tests of a platform: headers as they should not be. A header that is undefined is left out. */
export type HeaderChange = (headers: Readonly<Record<string, string>>) => Readonly<Record<string, string | undefined>>;

export type ConnectorReply =
  | { readonly arrived: true; readonly status: number; readonly text: string }
  | { readonly arrived: false; readonly reason: UnknownReason; readonly detail: string };

export interface ConnectorTransport {
  send(request: ConnectorRequest, change?: HeaderChange): Promise<ConnectorReply>;
}

export interface TransportOptions {
  /** From sending to the last byte of the answer. */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch; X-Timestamp is taken from it. */
  readonly now?: () => number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A page of a statement with 10,000 entries is about 2 MB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export function createConnectorTransport(target: ConnectorTarget, { timeoutMs = DEFAULT_TIMEOUT_MS, now = Date.now }: TransportOptions = {}): ConnectorTransport {
  const base = target.url.replace(/\/+$/, '');

  return {
    async send({ method, path, query, body }, change = (headers) => headers) {
      const url = new URL(base + path);
      for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
      const timestamp = String(Math.floor(now() / 1000));
      const headers = change({
        Authorization: `Bearer ${target.token}`,
        'X-Platform-ID': target.platformId,
        'X-Timestamp': timestamp,
        // What is signed is the path as it goes over the wire, with whatever path the base URL has.
        'X-Signature': signRequest(target.secret, { timestamp, method, path: url.pathname, body: body === undefined ? undefined : Buffer.from(body) }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      });
      const sent = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        // A redirect is not followed: it would carry token and signature to another address.
        const answer = await fetch(url, { method, headers: sent, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) });
        const text = await readText(answer);
        return text === undefined ? lost('malformed', `the answer is longer than ${MAX_ANSWER_BYTES} bytes`) : { arrived: true, status: answer.status, text };
      } catch (error) {
        if (signal.aborted) return lost('timeout', `no complete answer within ${timeoutMs} ms`);
        return describeFailure(error);
      }
    },
  };
}

/** The body as text; undefined when it is too long. Not trusted to be as long as it says. */
async function readText(answer: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function lost(reason: UnknownReason, detail: string): ConnectorReply {
  return { arrived: false, reason, detail };
}

/** Connections that were never made; only for people: to those who decide, all of these are unknown. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function describeFailure(error: unknown): ConnectorReply {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const detail = cause instanceof Error ? [code, cause.message].filter((part) => part !== '').join(': ') : String(cause);
  if (NEVER_CONNECTED.has(code)) return lost('unreachable', detail);
  const isHttp = !(cause instanceof Error && cause.name === 'HTTPParserError');
  return lost(isHttp ? 'reset' : 'malformed', detail === '' ? 'the connection failed' : detail);
}
