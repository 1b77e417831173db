// Decides which addresses the program may call when others have given the URL (SSRF): public
// addresses, and private ones only as configured.

import { lookup as lookUpByHosts, Resolver } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** CIDR ranges of private addresses that may be called although they are private. */
export type AllowedRanges = readonly string[];

/** Only public addresses may be called. */
export const NO_PRIVATE_RANGES: AllowedRanges = [];
/** Also the addresses of this machine itself. */
export const LOOPBACK_RANGES: AllowedRanges = ['127.0.0.0/8', '::1/128'];
/** Every address: for a fully private network, and for trying something by hand. */
export const EVERY_RANGE: AllowedRanges = ['0.0.0.0/0', '::/0'];

/**
 * IPv4 ranges that are not public: those of the IANA special-purpose registry that are not globally
 * reachable, multicast, and reserved ones.
 */
const PRIVATE_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/**
 * Only IPv6 addresses in this range are public. Loopback, link-local, unique local, multicast,
 * IPv4-mapped and NAT64 addresses lie outside.
 */
const GLOBAL_IPV6 = '2000::/3';
/**
 * Inside that range but not public: IETF protocols with Teredo, documentation, and 6to4, whose
 * addresses embed an IPv4 address.
 */
const PRIVATE_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const IPV6_GLOBAL = rangesOf([GLOBAL_IPV6]);
const PRIVATE = rangesOf([...PRIVATE_IPV4, ...PRIVATE_IPV6]);

const RESOLVE_TIMEOUT_MS = 2_000;
const RESOLVE_TRIES = 2;

/** Reads a CIDR range such as `10.1.0.0/16`. Undefined for any other text. */
export function parseRange(
  text: string,
):
  | { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' }
  | undefined {
  const [address = '', prefixText = '', more] = text.split('/');
  const version = isIP(address);
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (version === 0 || more !== undefined || !(prefix <= (version === 4 ? 32 : 128)))
    return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

function rangesOf(texts: AllowedRanges): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const range = parseRange(text);
    if (range === undefined) throw new TypeError(`${text} is no CIDR range`);
    list.addSubnet(range.address, range.prefix, range.family);
  }
  return list;
}

/** Resolves a host name to all its addresses. */
export type ResolveName = (host: string) => Promise<readonly string[]>;

/** The scheme of a URL that may be called. */
export type Scheme = 'http:' | 'https:';

/** Checks URLs and addresses before they are called. */
export interface TargetGuard {
  /**
   * Checks the text of a URL. Returns the fault as the end of a sentence that begins with "It", or
   * undefined when there is none. Does not resolve the host name.
   */
  findUrlFault(text: string): string | undefined;
  /** With TLS: public and allowed addresses. Without TLS: allowed addresses only. */
  mayConnect(address: string, scheme: Scheme): boolean;
  /**
   * A look-up function that returns only the addresses which may be called. A connection that uses
   * it can go nowhere else.
   */
  lookup(scheme: Scheme): LookupFunction;
}

/** Thrown for a host name without an address that may be called. */
export class TargetRefused extends Error {
  override name = 'TargetRefused';
}

/** A guard that allows public addresses and `allowedRanges`. Throws on an invalid range. */
export function createTargetGuard(
  allowedRanges: AllowedRanges,
  resolveName: ResolveName = resolveByDns,
): TargetGuard {
  const allowed = rangesOf(allowedRanges);

  const mayConnect = (address: string, scheme: Scheme): boolean => {
    const version = isIP(address);
    if (version === 0) return false;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (allowed.check(address, family)) return true;
    if (scheme === 'http:' || PRIVATE.check(address, family)) return false;
    return family === 'ipv4' || IPV6_GLOBAL.check(address, 'ipv6');
  };

  return {
    mayConnect,
    findUrlFault(text) {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined || url.hostname === '')
        return 'is not a URL such as https://example.com/pontis';
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
      if (url.username !== '' || url.password !== '')
        return 'must not hold a user name or password';
      if (url.hash !== '' || text.includes('#')) return 'must not have a fragment';
      if (url.port === '0') return 'must not name port 0';
      const host = hostOf(url);
      if (isIP(host) !== 0 && !mayConnect(host, url.protocol))
        return url.protocol === 'http:'
          ? 'must begin with https:// and lead to a public address'
          : 'must lead to a public address';
      if (url.protocol === 'http:' && allowedRanges.length === 0) return 'must begin with https://';
      return undefined;
    },
    lookup: (scheme) => (host, options, answer) => {
      resolveName(host).then(
        (addresses) => {
          const wanted =
            options.family === 4 || options.family === 'IPv4'
              ? 4
              : options.family === 6 || options.family === 'IPv6'
                ? 6
                : 0;
          const usable = addresses
            .filter(
              (address) =>
                mayConnect(address, scheme) && (wanted === 0 || isIP(address) === wanted),
            )
            .map((address) => ({ address, family: isIP(address) }));
          const [first] = usable;
          if (first === undefined)
            return void answer(
              new TargetRefused(`${host} does not lead to an address that may be reached`),
              [],
            );
          if (options.all === true) answer(null, usable);
          else answer(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => void answer(error, []),
      );
    },
  };
}

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Uses the resolver that waits outside of the thread pool. Otherwise a name server that does not
 * answer would block threads that file access and cryptography need. Names that DNS does not know
 * are looked up in the machine's hosts file.
 */
async function resolveByDns(host: string): Promise<string[]> {
  if (/(^|\.)localhost\.?$/i.test(host)) return resolveByHosts(host);
  const resolver = new Resolver({ timeout: RESOLVE_TIMEOUT_MS, tries: RESOLVE_TRIES });
  const ask = (how: 'resolve4' | 'resolve6'): Promise<string[]> =>
    new Promise((resolve, reject) => {
      resolver[how](host, (error, addresses) =>
        error === null ? resolve(addresses) : reject(error),
      );
    });
  const answers = await Promise.allSettled([ask('resolve4'), ask('resolve6')]);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  const failure = answers
    .map((answer) =>
      answer.status === 'rejected' ? (answer.reason as NodeJS.ErrnoException) : undefined,
    )
    .find((error) => error?.code === 'ETIMEOUT');
  if (failure !== undefined) throw failure;
  return resolveByHosts(host);
}

function resolveByHosts(host: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookUpByHosts(host, { all: true }, (error, addresses) =>
      error === null ? resolve(addresses.map(({ address }) => address)) : reject(error),
    );
  });
}
