// The examples of /openapi.json work on the demo network: the steps that lead to each are done over
// HTTP, and each answer has the form that the document shows.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readExamples, type Examples } from '../../src/api/docs/add-examples.ts';
import { REFUSED_AT_ONCE } from '../../tools/examples/connected.ts';
import { runSteps, type Sent } from '../../tools/examples/run.ts';
import { shortened } from '../../tools/examples/shorten.ts';
import { STEPS } from '../../tools/examples/steps.ts';
import { recordedFrom } from '../../tools/record-examples.ts';
import { inlineReferences } from '../fixtures/inline-references.ts';
import { patience } from '../fixtures/patience.ts';
import { startProgram, type RunningProgram } from '../fixtures/program.ts';

interface Media {
  readonly schema?: { readonly examples?: readonly unknown[] };
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Media>> }>
  >;
  readonly 'x-example'?: { readonly by: string };
}

/**
 * Answers without an example: of a server that is down or fails, and evidence in other forms than the text
 * that the example has.
 */
const WITHOUT =
  / (?:503|5XX) |^get(?:Any)?Evidence 200 (?:text\/csv|application\/json|application\/pdf|image\/)/;

let data: string;
let program: RunningProgram;
let startedAt: number;
let sent: readonly Sent[];
let operations: readonly Operation[];

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'pontis-examples-'));
  startedAt = Date.now();
  program = await startProgram(['--data', data, '--metrics-port', '0']);
  sent = await runSteps(STEPS, { url: program.url, data });
  const document = (await (await fetch(`${program.url}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  operations = Object.values(inlineReferences(document).paths).flatMap(Object.values);
}, patience(180_000));
afterAll(async () => {
  await program?.stop();
  if (data !== undefined) rmSync(data, { recursive: true, force: true });
});

it('every operation of the document has an example, and is sent', () => {
  const documented = operations.map(({ operationId }) => operationId).sort();
  expect([...new Set(sent.map(({ operation }) => operation))].sort()).toEqual(documented);
  const without = operations.filter((operation) => operation['x-example'] === undefined);
  expect(without.map(({ operationId }) => operationId)).toEqual([]);
});

it('every request and every answer of the document has an example', () => {
  const without = operations.flatMap(({ operationId, requestBody, responses }) => [
    ...Object.values(requestBody?.content ?? {})
      .filter(({ example }) => example === undefined)
      .map(() => `${operationId} body`),
    ...Object.entries(responses)
      .filter(([status]) => status !== '5XX')
      .flatMap(([status, { content = {} }]) =>
        Object.entries(content)
          .filter(([, media]) => exampleOf(media) === undefined)
          .map(([type]) => `${operationId} ${status} ${type}`),
      ),
  ]);
  expect(without.filter((place) => !WITHOUT.test(place))).toEqual([]);
});

it('each request is the one that the document shows (else: node tools/record-examples.ts)', () => {
  expect(requests(recordedFrom(sent, startedAt))).toEqual(requests(readExamples()));
});

it('each answer has the fields and types that the document shows', () => {
  const shown = new Map(operations.map((operation) => [operation.operationId, operation]));
  const seen = new Set<string>();
  for (const { operation, status, mediaType, answer } of sent) {
    if (REFUSED_AT_ONCE.has(operation)) {
      expect([operation, status]).toEqual([operation, 409]);
      expect(answer).toMatchObject({ code: REFUSED_AT_ONCE.get(operation) });
      const { content } = shown.get(operation)?.responses['4XX'] ?? {};
      expect(differences(exampleOf(content?.[mediaType]), answer)).toEqual([]);
      continue;
    }
    const media = shown.get(operation)?.responses[status]?.content?.[mediaType];
    const place = `${operation} ${status} ${mediaType}`;
    // Later steps with the same operation prepare other examples.
    if (seen.has(place)) continue;
    seen.add(place);
    expect([place, differences(exampleOf(media), shortened(answer))]).toEqual([place, []]);
  }
});

/** The numbers that stand for ids and codes in order; how many come before differs with time. */
const NUMBER = /\d{12,}|(?<=JKMN-)\w{4}/g;

/** The requests of examples, without the answers. */
function requests(examples: Examples): unknown {
  const all = Object.entries(examples).map(([name, { by, after, values, ids, body }]) => [
    name,
    { by, after, values, ids, body },
  ]);
  return JSON.parse(JSON.stringify(Object.fromEntries(all)).replaceAll(NUMBER, '0'));
}

function exampleOf(media: Media | undefined): unknown {
  return media?.example ?? media?.schema?.examples?.[0];
}

/**
 * The places where two answers differ in their fields or types. Null, a list without items and a
 * field that is absent on one side are what another state of the same thing has.
 */
function differences(shown: unknown, found: unknown, at = ''): string[] {
  if (shown === null || found === null) return [];
  if (Array.isArray(shown) && Array.isArray(found))
    return shown.length === 0 || found.length === 0
      ? []
      : differences(shown[0], found[0], `${at}/0`);
  if (typeof shown !== typeof found || Array.isArray(shown) !== Array.isArray(found))
    return [`${at}: ${typeof shown} is ${typeof found}`];
  if (typeof shown !== 'object') return [];
  const [first, second] = [shown, found] as [Record<string, unknown>, Record<string, unknown>];
  const common = Object.keys(first).filter((key) => key in second);
  return [
    ...(common.length === 0 && Object.keys(first).length > 0 && Object.keys(second).length > 0
      ? [`${at}: nothing in common`]
      : []),
    ...common.flatMap((key) => differences(first[key], second[key], `${at}/${key}`)),
  ];
}
