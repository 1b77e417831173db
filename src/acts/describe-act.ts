// Describes what a request asks for and its circumstances, with a fingerprint over both: an
// approval holds only for what its approver has seen.

import { createHash } from 'node:crypto';
import { ok, type Result } from '../kernel/problem.ts';
import { performers } from './performers.ts';
import type { StoredRequest } from './store.ts';
import type { RequestedAct } from './table.ts';
import type { ActArguments, ActParts } from './types.ts';

export interface Described {
  readonly words: string;
  readonly circumstances: ActArguments;
  readonly fingerprint: string;
}

export async function describeAct(
  parts: ActParts,
  act: RequestedAct,
  shown: ActArguments,
  given: ActArguments,
): Promise<Result<Described>> {
  const described = await performers[act].describe(given, parts);
  return described.ok
    ? ok({ ...described.value, fingerprint: fingerprintOf(act, shown, described.value) })
    : described;
}

/** The arguments, including secrets. */
export function givenOf(
  sealer: ActParts['sealer'],
  { requestId, arguments: shown, sealed }: StoredRequest,
): ActArguments {
  return sealed === null
    ? shown
    : { ...shown, ...(JSON.parse(sealer.open(sealed, contextOf(requestId))) as ActArguments) };
}

export function contextOf(requestId: string): string {
  return `request ${requestId}`;
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function inOrder(record: ActArguments): [string, string][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Two requests with one fingerprint do the same under the same circumstances. */
function fingerprintOf(
  act: string,
  shownArguments: ActArguments,
  { words, circumstances }: Omit<Described, 'fingerprint'>,
): string {
  return digest(
    JSON.stringify([act, inOrder(shownArguments), words, inOrder(circumstances)]),
  ).slice(0, 32);
}

export function changesIn(before: ActArguments, after: ActArguments): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
  if (names.length === 0) return 'It does not match the fingerprint.';
  return names
    .map((name) => `${name} was ${before[name] ?? 'nothing'} and is ${after[name] ?? 'nothing'}.`)
    .join(' ');
}
