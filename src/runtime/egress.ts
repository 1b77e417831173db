// Sends HTTP calls to addresses that others have given: checked addresses, connections kept alive,
// no redirects, limits on the size and time of the answer.

import {
  Agent as PlainAgent,
  request as plainRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { isIP } from 'node:net';

import {
  createTargetGuard,
  hostOf,
  TargetRefused,
  type AllowedRanges,
  type ResolveName,
  type Scheme,
} from './target-guard.ts';

export {
  EVERY_RANGE,
  LOOPBACK_RANGES,
  NO_PRIVATE_RANGES,
  type AllowedRanges,
} from './target-guard.ts';

/** One call. */
interface EgressRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Milliseconds from now until the last byte of the answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/**
 * Why no complete answer arrived. `refused`: nothing was sent, because the target must not be
 * called.
 */
type LossReason = 'refused' | 'unreachable' | 'timeout' | 'reset' | 'malformed' | 'certificate';

/** The answer, or the reason why there is none. */
export type EgressReply =
  /** `text` is undefined when the answer was longer than `maxAnswerBytes`. */
  | {
      readonly arrived: true;
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly text: string | undefined;
    }
  | { readonly arrived: false; readonly reason: LossReason; readonly detail: string };

/** Sends calls to addresses that others have given. */
export interface Egress {
  /**
   * Never throws, and never connects to an unchecked address. A redirect is returned as an answer
   * like any other.
   */
  send(request: EgressRequest): Promise<EgressReply>;
  /**
   * Checks a URL that will be called later, including its host name. Returns the fault as the end
   * of a sentence that begins with "It", or undefined when there is none.
   */
  findTargetFault(url: string): Promise<string | undefined>;
  /** Closes the connections that are kept alive. */
  close(): void;
}

/** Limits and name resolution of an `Egress`. */
export interface EgressOptions {
  readonly allowedRanges: AllowedRanges;
  /** Most connections to one host and port, by default 64; further requests wait. */
  readonly maxSockets?: number;
  /**
   * Resolves a host name to all its addresses. By default through DNS and the machine's hosts file.
   */
  readonly resolveName?: ResolveName;
}

const MAX_SOCKETS = 64;
/**
 * How long an idle connection is kept, in milliseconds. Servers seldom close an idle connection in
 * less than 5 s; a connection that the server closes just as a call is sent gives an unknown
 * result.
 */
const KEEP_FREE_MS = 4_000;

/** An `Egress` that may call public addresses and the allowed private ranges. */
export function createEgress({
  allowedRanges,
  maxSockets = MAX_SOCKETS,
  resolveName,
}: EgressOptions): Egress {
  const guard = createTargetGuard(allowedRanges, resolveName);
  const options = {
    keepAlive: true,
    maxSockets,
    maxFreeSockets: maxSockets,
    scheduling: 'lifo',
    timeout: KEEP_FREE_MS,
  } as const;
  // The check is part of connecting. So a kept connection always goes to a checked address, even if
  // the name has changed since.
  const agents = {
    'http:': new PlainAgent({ ...options, lookup: guard.lookup('http:') }),
    'https:': new TlsAgent({ ...options, lookup: guard.lookup('https:') }),
  };

  async function send(call: EgressRequest): Promise<EgressReply> {
    const scheme = schemeOf(call.url);
    const host = hostOf(call.url);
    // The agents' look-up does not see an address, because it needs no resolving; so it is checked
    // here.
    if (scheme === undefined || (isIP(host) !== 0 && !guard.mayConnect(host, scheme)))
      return lost('refused', `${call.url.origin} is not an address that may be called`);
    const signal = AbortSignal.timeout(call.timeoutMs);
    try {
      return await exchange(call, scheme, agents[scheme], signal);
    } catch (error) {
      return signal.aborted
        ? lost('timeout', `no complete answer within ${call.timeoutMs} ms`)
        : describeFailure(error);
    }
  }

  return {
    send,
    async findTargetFault(text) {
      const fault = guard.findUrlFault(text);
      if (fault !== undefined) return fault;
      const url = new URL(text);
      const scheme = schemeOf(url);
      const host = hostOf(url);
      if (scheme === undefined || isIP(host) !== 0) return undefined;
      const usable = await new Promise<boolean>(
        (resolve) =>
          void guard.lookup(scheme)(host, { all: true }, (error) => void resolve(error === null)),
      );
      // One sentence for all cases: a person who gives a URL must not learn which names this
      // machine can resolve.
      return usable
        ? undefined
        : scheme === 'http:'
          ? 'must begin with https:// and have a host name that leads to a public address'
          : 'has a host name that does not lead to a public address';
    },
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

function schemeOf({ protocol }: URL): Scheme | undefined {
  return protocol === 'http:' || protocol === 'https:' ? protocol : undefined;
}

async function exchange(
  { method, url, headers, body, maxAnswerBytes }: EgressRequest,
  scheme: Scheme,
  agent: PlainAgent,
  signal: AbortSignal,
): Promise<EgressReply> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const sending = (scheme === 'https:' ? tlsRequest : plainRequest)(
      url,
      { method, headers: { ...headers, ...length }, agent, signal },
      resolve,
    );
    sending.on('error', reject).end(body);
  });
  const text = await readText(answer, maxAnswerBytes);
  return { arrived: true, status: answer.statusCode ?? 0, headers: answer.headers, text };
}

/**
 * The body as text; undefined when it is too long. The bytes are counted, because Content-Length
 * may be wrong.
 */
async function readText(answer: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    // Leaving the loop closes the connection.
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function lost(reason: LossReason, detail: string): EgressReply {
  return { arrived: false, reason, detail };
}

/**
 * Error codes of connections that were never established. The difference is for people only; for
 * decisions, the result of all these calls is unknown.
 */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'ENODATA',
  'ETIMEOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** What is wrong with a server's certificate, by the error code of OpenSSL or Node.js. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its chain ends in a certificate that is self-signed and not trusted here',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_REVOKED: 'it was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host name',
  HOSTNAME_MISMATCH: 'it is for another host name',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its chain is incomplete, or its issuer is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its chain is incomplete, or its issuer is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its chain is incomplete, or its issuer is not trusted here',
  CERT_UNTRUSTED: 'it is not trusted here',
  CERT_REJECTED: 'it is not trusted here',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
  INVALID_CA: 'its issuer may not issue certificates',
  INVALID_PURPOSE: 'it is not for servers',
};

function describeFailure(error: unknown): EgressReply {
  const cause =
    error instanceof AggregateError && error.errors.length > 0
      ? (error.errors[0] as unknown)
      : error;
  if (cause instanceof TargetRefused) return lost('refused', cause.message);
  const code = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? '') : '';
  const detail =
    cause instanceof Error
      ? [code, cause.message].filter((part) => part !== '').join(': ')
      : String(cause);
  const fault = CERTIFICATE_FAULTS[code];
  if (fault !== undefined)
    return lost('certificate', `the server's certificate is not valid: ${fault} (${code})`);
  if (NEVER_CONNECTED.has(code)) return lost('unreachable', detail);
  return lost(
    code.startsWith('HPE_') ? 'malformed' : 'reset',
    detail === '' ? 'the connection failed' : detail,
  );
}
