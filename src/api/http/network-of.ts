// The network that an address belongs to, as far as one caller can have many addresses: an IPv4
// address stands for itself, an IPv6 address for its /64, which is what a single host is given.

import { isIPv4, isIPv6 } from 'node:net';

const GROUPS = 8;
const NETWORK_GROUPS = 4;
/** ::ffff:0:0/96, an IPv4 address in the clothes of IPv6. */
const MAPPED = [0, 0, 0, 0, 0, 0xffff];

/** Undefined for what is no address, such as a word that a proxy was told. */
export function networkOf(address: string): string | undefined {
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  if (MAPPED.every((group, index) => groups[index] === group)) {
    return groups
      .slice(MAPPED.length)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  }
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** All eight, of an address that is valid. */
function groupsOf(address: string): readonly number[] {
  const [text = ''] = address.split('%');
  const [head = [], tail] = text.split('::').map(partOf);
  if (tail === undefined) return [...head];
  return [...head, ...Array<number>(GROUPS - head.length - tail.length).fill(0), ...tail];
}

function partOf(part: string): readonly number[] {
  if (part === '') return [];
  return part.split(':').flatMap((piece) => {
    if (!piece.includes('.')) return [Number.parseInt(piece, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = piece.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
