// Finds the network of an address, because one caller can have many addresses: an IPv4 address is
// its own network; an IPv6 address belongs to its /64, the range that one host usually has.

import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

const NETWORK_GROUPS = 4;

/** The network as text; undefined when the text is not an IP address, as a proxy may send. */
export function networkOf(address: string): string | undefined {
  // ipaddr.js alone would also read short and octal spellings of IPv4.
  if (isIP(address) === 0) return undefined;
  // An IPv4 address that is written as IPv6 (::ffff:0:0/96) becomes IPv4.
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const groups = parsed.parts.slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}
