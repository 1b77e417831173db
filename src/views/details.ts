// What a caller attaches to an operation, kept flat in the journal: its category beside its own
// metadata.

import type { Details } from '../ledger/ledger.ts';

const OWN = 'metadata.';

export type Metadata = Readonly<Record<string, string | number | boolean | null>>;

/** Undefined when there is nothing to keep. */
export function toDetails(
  metadata: Metadata | undefined,
  known: Readonly<Record<string, string | undefined>> = {},
): Details | undefined {
  const details: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(known)) if (value !== undefined) details[name] = value;
  for (const [name, value] of Object.entries(metadata ?? {})) details[OWN + name] = value;
  return Object.keys(details).length === 0 ? undefined : details;
}

export function metadataOf(details: Details | null): Metadata | undefined {
  const own = Object.entries(details ?? {}).filter(([name]) => name.startsWith(OWN));
  return own.length === 0
    ? undefined
    : Object.fromEntries(own.map(([name, value]) => [name.slice(OWN.length), value]));
}

export function textOf(details: Details | null, name: string): string | undefined {
  const value = details?.[name];
  return typeof value === 'string' ? value : undefined;
}
