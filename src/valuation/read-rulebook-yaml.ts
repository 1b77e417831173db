// Reads a rulebook that an operator has written by hand, as YAML or JSON. It does not validate the
// document; that comes next. Decimals stay as they are written: the schema wants them as text, and
// a JavaScript number would lose digits.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type ErrorCode,
  type Node,
  type YAMLMap,
} from 'yaml';
import { elementPlaceOf, placeOf, TOP, wantsInteger, type Place } from './rulebook-place.ts';
import type { Fault } from './types.ts';

const MAX_BYTES = 2 ** 20;
/** Most faults that are reported at once. */
const MAX_FAULTS = 20;

/** Sentences for errors of the parser. Other errors keep the parser's own message. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  MULTIPLE_DOCS: 'the file holds more than one document',
  NON_STRING_KEY: 'a key must be plain text',
  RESOURCE_EXHAUSTION: 'nested too deeply',
};

/** The document, not validated, or the faults of the text. Each message has a line and a column. */
export type YamlReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly faults: Fault[] };

type Report = (path: readonly string[], offset: number, message: string) => void;

/** Reads the text of a rulebook, at most 1 MiB. */
export function readRulebookYaml(text: string): YamlReading {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return {
      ok: false,
      faults: [{ place: '', message: `the text has more than ${MAX_BYTES} bytes` }],
    };
  const lines = new LineCounter();
  // `readMap` finds duplicate keys, because the parser would compare each key with all others.
  const document = parseDocument(text, {
    schema: 'failsafe',
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  const faults: Fault[] = [];
  const report: Report = (path, offset, message) => {
    const { line, col } = lines.linePos(offset);
    faults.push({ place: path.join('/'), message: `line ${line}, column ${col}: ${message}` });
  };
  for (const { code, message, pos } of document.errors)
    report([], pos[0], SENTENCES[code] ?? message);
  const value = faults.length === 0 ? readNode(report, document.contents, TOP, []) : null;
  return faults.length === 0
    ? { ok: true, value }
    : { ok: false, faults: faults.slice(0, MAX_FAULTS) };
}

function readNode(
  report: Report,
  node: Node | null,
  place: Place,
  path: readonly string[],
): unknown {
  if (node === null) return null;
  refuseProperties(report, node, path);
  if (isMap(node)) return readMap(report, node, place, path);
  if (isSeq(node))
    return node.items.map((item, index) =>
      readNode(report, item as Node, elementPlaceOf(place), [...path, String(index)]),
    );
  if (!isScalar(node)) return null;
  return node.type === 'PLAIN' ? readPlain(node.value as string, place) : node.value;
}

/** With `Object.fromEntries` every key, even `__proto__`, becomes a property of the object. */
function readMap(report: Report, map: YAMLMap, place: Place, path: readonly string[]): object {
  const entries = new Map<string, unknown>();
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const name = key.value as string;
    const inner = [...path, name];
    refuseProperties(report, key, inner);
    if (entries.has(name))
      report(inner, startOf(key), `the key occurs twice: ${JSON.stringify(name)}`);
    entries.set(name, readNode(report, value as Node | null, placeOf(place, name), inner));
  }
  return Object.fromEntries(entries);
}

/**
 * A plain scalar by YAML's core schema, except for numbers: they are numbers only where the schema
 * wants an integer, and otherwise text as it is written.
 */
function readPlain(text: string, place: Place): unknown {
  if (['', '~', 'null', 'Null', 'NULL'].includes(text)) return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return wantsInteger(place) && /^[-+]?[0-9]+$/.test(text) ? Number(text) : text;
}

/**
 * Refuses anchors, aliases and tags. Anchors let a small text stand for a huge document; tags can
 * make a value different from what it looks like.
 */
function refuseProperties(report: Report, node: Node, path: readonly string[]): void {
  if (isAlias(node))
    report(path, startOf(node), 'aliases are not supported: write the value itself');
  else if ('anchor' in node && node.anchor !== undefined)
    report(path, startOf(node), 'anchors are not supported: remove it');
  if (!isAlias(node) && node.tag !== undefined)
    report(path, startOf(node), 'tags are not supported: remove it');
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
