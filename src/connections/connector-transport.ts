// Sends one signed request to a connected platform and returns the reply, or the fault of the
// connection.

import { createEgress, LOOPBACK_RANGES, type Egress } from '../runtime/egress.ts';
import { signRequest } from '../security/security.ts';
import type { ConnectorTarget, UnknownReason } from './types.ts';

export interface ConnectorRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, percent-encoded, without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON text, signed and sent byte for byte. */
  readonly body?: string;
}

/** For tests of a platform: makes headers wrong. A header that is undefined is left out. */
type HeaderChange = (
  headers: Readonly<Record<string, string>>,
) => Readonly<Record<string, string | undefined>>;

export type ConnectorReply =
  | {
      readonly arrived: true;
      readonly status: number;
      readonly text: string;
      readonly retryAfter?: string | undefined;
      readonly date?: string | undefined;
      readonly retryAfterMs?: number;
    }
  | {
      readonly arrived: false;
      readonly reason: UnknownReason;
      readonly detail: string;
      readonly retryAfterMs?: number;
    };

export interface ConnectorTransport {
  send(request: ConnectorRequest, change?: HeaderChange): Promise<ConnectorReply>;
}

export interface TransportOptions {
  /** From sending to the last byte of the answer. */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch; X-Timestamp is taken from it. */
  readonly now?: () => number;
  /**
   * The egress through which calls leave the program. By default calls may reach public addresses
   * and this machine only.
   */
  readonly egress?: Egress;
}

/** The status for a wrong signature (docs/api.md). */
const SIGNATURE_REFUSED = 403;
const DEFAULT_TIMEOUT_MS = 10_000;
/** A page of a statement with 10,000 entries is about 2 MB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const guardedEgress = createEgress({ allowedRanges: LOOPBACK_RANGES });

export function createConnectorTransport(
  target: ConnectorTarget,
  { timeoutMs = DEFAULT_TIMEOUT_MS, now = Date.now, egress = guardedEgress }: TransportOptions = {},
): ConnectorTransport {
  const base = target.url.replace(/\/+$/, '');
  /**
   * The secret that the platform accepted last. After a rotation it has the new secret or still the
   * old one, and only its refusal shows which.
   */
  let current = target.secret;
  const other = (): string | undefined => {
    const { formerSecret: former, secret } = target;
    if (former === undefined || now() >= former.untilMs)
      return current === secret ? undefined : secret;
    return current === secret ? former.secret : secret;
  };

  return {
    async send(request, change) {
      const reply = await sendSigned(current, request, change);
      const next = reply.arrived && reply.status === SIGNATURE_REFUSED ? other() : undefined;
      if (next === undefined) return reply;
      // A signature is refused before the call is looked at, so nothing happens twice; steps are
      // idempotent anyway.
      const again = await sendSigned(next, request, change);
      if (again.arrived && again.status !== SIGNATURE_REFUSED) current = next;
      return again;
    },
  };

  async function sendSigned(
    secret: string,
    { method, path, query, body }: ConnectorRequest,
    change: HeaderChange = (headers) => headers,
  ): Promise<ConnectorReply> {
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const timestamp = String(Math.floor(now() / 1000));
    const headers = change({
      Authorization: `Bearer ${target.token}`,
      'X-Platform-ID': target.platformId,
      'X-Timestamp': timestamp,
      // The signed path is the path on the wire, including any path of the base URL.
      'X-Signature': signRequest(secret, {
        timestamp,
        method,
        path: url.pathname,
        body: body === undefined ? undefined : Buffer.from(body),
      }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    });
    const sent = Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    // A redirect is not followed: it would carry token and signature to another address.
    const reply = await egress.send({
      method,
      url,
      headers: sent,
      body,
      timeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
    if (!reply.arrived)
      return lost(reply.reason === 'refused' ? 'unreachable' : reply.reason, reply.detail);
    if (reply.text === undefined)
      return lost('malformed', `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    return {
      arrived: true,
      status: reply.status,
      text: reply.text,
      retryAfter: reply.headers['retry-after'],
      date: reply.headers.date,
    };
  }
}

function lost(reason: UnknownReason, detail: string): ConnectorReply {
  return { arrived: false, reason, detail };
}
