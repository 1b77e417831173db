// Details of an operation in the journal: the category and the caller's own metadata, in one flat
// object.

import type { Details } from '../ledger/ledger.ts';

const OWN = 'metadata.';

/** A caller's own small values. */
export type Metadata = Readonly<Record<string, string | number | boolean | null>>;

/** Makes the details of an operation; undefined if it has none. */
export function toDetails(
  metadata: Metadata | undefined,
  known: Readonly<Record<string, string | undefined>> = {},
): Details | undefined {
  const details: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(known)) if (value !== undefined) details[name] = value;
  for (const [name, value] of Object.entries(metadata ?? {})) details[OWN + name] = value;
  return Object.keys(details).length === 0 ? undefined : details;
}

/** Returns the caller's own metadata from a leg's details. */
export function metadataOf(details: Details | null): Metadata | undefined {
  const own = Object.entries(details ?? {}).filter(([name]) => name.startsWith(OWN));
  return own.length === 0
    ? undefined
    : Object.fromEntries(own.map(([name, value]) => [name.slice(OWN.length), value]));
}

/** Returns one text of the details, if it is there and is text. */
export function textOf(details: Details | null, name: string): string | undefined {
  const value = details?.[name];
  return typeof value === 'string' ? value : undefined;
}
