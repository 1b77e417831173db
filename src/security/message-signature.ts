// HTTP Message Signatures (RFC 9421, hmac-sha256), the recommended alternative to X-Signature: they
// also cover the query and the idempotency key.

import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import {
  isInnerList,
  parseDictionary,
  serializeInnerList,
  type InnerList,
  type Parameters,
} from 'structured-headers';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { matchesContentDigest } from './content-digest.ts';
import { securityProblems } from './problems.ts';
import { SIGNATURE_TOLERANCE_SECONDS } from './request-signature.ts';

/** The parts of a request that a message signature can cover. */
export interface SignedMessage {
  readonly method: string;
  /** Path and query as on the wire. */
  readonly target: string;
  /** Names in lower case; several values for a repeated field. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer | undefined;
}

/** Most components that one signature may cover; a signature with more is refused. */
const MAX_COMPONENTS = 32;

/**
 * Verifies the signature whose `keyid` is `keyId`. Checks form, coverage, time, the signature and
 * the digest of the body. The value is the HMAC as computed here, in hexadecimal; it may serve as
 * an idempotency key.
 *
 * @param nowMs milliseconds since the Unix epoch; `created` may differ from it by 300 seconds
 */
export function verifyMessageSignature(
  key: KeyObject,
  keyId: string,
  message: SignedMessage,
  nowMs: number,
): Result<string> {
  const parsed = readSignature(message, keyId);
  if (!parsed.ok) return parsed;
  const { input, signature } = parsed.value;
  const params = input[1];
  const components = componentsOf(input);
  if (components === undefined) return refuse(securityProblems.signature_malformed());
  if (!coversRequest(components, message)) return refuse(securityProblems.signature_incomplete());

  const created = params.get('created');
  const expires = params.get('expires');
  if (typeof created !== 'number') return refuse(securityProblems.signature_incomplete());
  const now = Math.floor(nowMs / 1000);
  const expired = expires !== undefined && (typeof expires !== 'number' || now > expires);
  if (Math.abs(created - now) > SIGNATURE_TOLERANCE_SECONDS || expired)
    return refuse(securityProblems.signature_stale());

  for (const scheme of components.some((name) => name === '@target-uri' || name === '@scheme')
    ? ['http', 'https']
    : ['http']) {
    // TLS may end at a proxy before this server, so both schemes are tried. Apart from Host, no
    // header takes part in the target.
    const base = signatureBase(components, input, message, scheme);
    if (base === undefined) return refuse(securityProblems.signature_incomplete());
    const expected = createHmac('sha256', key).update(base).digest();
    if (expected.length !== signature.length || !timingSafeEqual(expected, signature)) continue;
    const digest = field(message, 'content-digest');
    if (
      components.includes('content-digest') &&
      !matchesContentDigest(digest ?? '', message.body ?? Buffer.alloc(0))
    ) {
      return refuse(securityProblems.digest_mismatch());
    }
    return ok(expected.toString('hex'));
  }
  return refuse(securityProblems.signature_invalid('The message signature does not match.'));
}

/** Finds the signature with this key id. Its label has no meaning (RFC 9421, 4.1). */
function readSignature(
  message: SignedMessage,
  keyId: string,
): Result<{ readonly input: InnerList; readonly signature: Buffer }> {
  try {
    const inputs = parseDictionary(field(message, 'signature-input') ?? '');
    const signatures = parseDictionary(field(message, 'signature') ?? '');
    let foreign = false;
    for (const [label, input] of inputs) {
      if (!isInnerList(input)) return refuse(securityProblems.signature_malformed());
      if (input[1].get('keyid') !== keyId) {
        foreign = true;
        continue;
      }
      const value = signatures.get(label)?.[0];
      if (!(value instanceof ArrayBuffer) || !isHmac(input[1]))
        return refuse(securityProblems.signature_malformed());
      return ok({ input, signature: Buffer.from(value) });
    }
    return refuse(
      foreign ? securityProblems.platform_mismatch() : securityProblems.signature_malformed(),
    );
  } catch {
    return refuse(securityProblems.signature_malformed());
  }
}

function isHmac(params: Parameters): boolean {
  const algorithm = params.get('alg');
  return algorithm === undefined || algorithm === 'hmac-sha256';
}

/**
 * Names of the covered components. Undefined when a component is repeated or has parameters, which
 * are not supported here.
 */
function componentsOf(input: InnerList): string[] | undefined {
  const names: string[] = [];
  for (const [name, params] of input[0]) {
    if (
      typeof name !== 'string' ||
      params.size > 0 ||
      names.includes(name) ||
      names.length === MAX_COMPONENTS
    )
      return undefined;
    names.push(name);
  }
  return names;
}

function coversRequest(components: readonly string[], message: SignedMessage): boolean {
  const covers = (name: string): boolean => components.includes(name);
  const target =
    covers('@target-uri') || covers('@request-target') || (covers('@path') && covers('@query'));
  const body = message.body === undefined || message.body.length === 0 || covers('content-digest');
  const key = message.headers['idempotency-key'] === undefined || covers('idempotency-key');
  return covers('@method') && target && body && key;
}

/** The signature base (RFC 9421, 2.5). Undefined when a covered component is absent or unknown. */
function signatureBase(
  components: readonly string[],
  input: InnerList,
  message: SignedMessage,
  scheme: string,
): string | undefined {
  const lines: string[] = [];
  for (const name of components) {
    const value = name.startsWith('@') ? derived(name, message, scheme) : field(message, name);
    if (value === undefined) return undefined;
    lines.push(`"${name}": ${value}`);
  }
  lines.push(`"@signature-params": ${serializeInnerList(input)}`);
  return lines.join('\n');
}

/** Value of a derived component (RFC 9421, 2.2). */
function derived(name: string, message: SignedMessage, scheme: string): string | undefined {
  const question = message.target.indexOf('?');
  const authority = field(message, 'host')?.toLowerCase();
  switch (name) {
    case '@method':
      return message.method;
    case '@request-target':
      return message.target;
    case '@path':
      return question < 0 ? message.target : message.target.slice(0, question);
    case '@query':
      return question < 0 ? '?' : message.target.slice(question);
    case '@authority':
      return authority;
    case '@scheme':
      return scheme;
    case '@target-uri':
      return authority === undefined ? undefined : `${scheme}://${authority}${message.target}`;
    default:
      return undefined;
  }
}

/**
 * Value of a header field (RFC 9421, 2.1): trimmed, and joined with ", " if the field is repeated.
 */
function field(message: SignedMessage, name: string): string | undefined {
  const value = message.headers[name];
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value.trim() : value.map((item) => item.trim()).join(', ');
}
