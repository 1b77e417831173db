// The network that an address belongs to, as far as one caller can have many addresses: an IPv4
// address stands for itself, an IPv6 address for its /64, which is what a single host is given.

import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

const NETWORK_GROUPS = 4;

/** Undefined for what is no address, such as a word that a proxy was told. */
export function networkOf(address: string): string | undefined {
  // ipaddr.js alone would also read short and octal spellings of IPv4.
  if (isIP(address) === 0) return undefined;
  // An IPv4 address inside of IPv6 (::ffff:0:0/96) comes out as IPv4.
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const groups = parsed.parts.slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}
