// Adds to a finished document the example of each operation, which was recorded on a demo network
// (tools/record-examples.ts): who calls what, which operations lead to it, the body, and the
// answers. Answers with a named schema are shown there, once for all operations that share it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedDocument } from './name-schemas.ts';

/** One operation's example. */
export interface Example {
  readonly by: string;
  /** The operations that lead to it, in order. */
  readonly after?: readonly string[];
  /** Parameters of path and query, by name; `ids` are those that earlier answers gave. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly ids?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** By status and media type. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The recorded examples by operationId. */
export type Examples = Readonly<Record<string, Example>>;

type Json = Readonly<Record<string, unknown>>;

export function readExamples(): Examples {
  return JSON.parse(
    readFileSync(join(import.meta.dirname, 'examples.json'), 'utf8'),
  ) as unknown as Examples;
}

/** Returns the document with examples; the given one stays as it is. */
export function addExamples<Document extends NamedDocument>(
  document: Document,
  examples: Examples,
): Document {
  const components = document.components ?? {};
  const parameters = (components['parameters'] ?? {}) as Json;
  const shown = new Map<string, unknown>();

  const ofParameters = new Map<string, unknown>();

  /**
   * Shows the example at the named schema if it is the first one, and at the place itself if the
   * one of the schema has other fields.
   */
  function showAt(media: Json, example: unknown): Json {
    if (example === undefined) return media;
    const { $ref: reference } = (media['schema'] ?? {}) as Json;
    if (typeof reference !== 'string') return { ...media, example };
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    if (!shown.has(name)) shown.set(name, example);
    return isAlike(shown.get(name), example) ? media : { ...media, example };
  }

  function withAnswers(responses: Json, { answers }: Example): Json {
    return mapValues(responses, (response, status) => {
      const { content } = response as Json;
      if (content === undefined) return response;
      return {
        ...(response as Json),
        content: mapValues(content as Json, (media, type) =>
          showAt(media as Json, answers[status]?.[type]),
        ),
      };
    });
  }

  /** A parameter that operations share shows the value of the first one. */
  function withValue(parameter: unknown, { values, ids }: Example): unknown {
    const all = { ...values, ...ids };
    const { $ref: reference, name } = parameter as { $ref?: string; name?: string };
    if (reference === undefined)
      return name === undefined || all[name] === undefined
        ? parameter
        : { ...(parameter as Json), example: all[name] };
    const shared = reference.slice(reference.lastIndexOf('/') + 1);
    const { name: sharedName = '' } = (parameters[shared] ?? {}) as { name?: string };
    if (!ofParameters.has(shared) && all[sharedName] !== undefined)
      ofParameters.set(shared, all[sharedName]);
    return parameter;
  }

  const paths = mapValues(document.paths, (methods) =>
    mapValues(methods, (operation) => {
      const example = examples[operation.operationId ?? ''];
      if (example === undefined) return operation;
      const { by, after, values, body } = example;
      const { content } = (operation.requestBody ?? {}) as { content?: Json };
      return {
        ...operation,
        'x-example': {
          by,
          ...(after === undefined ? {} : { after }),
          ...(values === undefined ? {} : { values }),
        },
        ...(Array.isArray(operation['parameters'])
          ? { parameters: operation['parameters'].map((one) => withValue(one, example)) }
          : {}),
        ...(content === undefined
          ? {}
          : {
              requestBody: {
                ...operation.requestBody,
                content: mapValues(content, (media) => ({ ...(media as Json), example: body })),
              },
            }),
        responses: withAnswers((operation.responses ?? {}) as Json, example),
      };
    }),
  );
  const schemas = mapValues((components['schemas'] ?? {}) as Json, (schema, name) =>
    shown.has(name) ? { ...(schema as Json), examples: [shown.get(name)] } : schema,
  );
  const responses = withRefusal((components['responses'] ?? {}) as Json, examples);
  const named = mapValues(parameters, (parameter, name) =>
    ofParameters.has(name)
      ? { ...(parameter as Json), example: ofParameters.get(name) }
      : parameter,
  );
  return {
    ...document,
    paths,
    components: { ...components, parameters: named, responses, schemas },
  };
}

/** The refusal that a step meets stands for the one response of all refusals. */
function withRefusal(responses: Json, examples: Examples): Json {
  const refused = Object.values(examples).find(({ answers }) => answers['4XX'] !== undefined);
  return mapValues(responses, (response, name) =>
    name !== 'Refused' || refused === undefined
      ? response
      : {
          ...(response as Json),
          content: mapValues((response as { content: Json }).content, (media, type) => ({
            ...(media as Json),
            example: refused.answers['4XX']?.[type],
          })),
        },
  );
}

/** True if no object of one has only other fields than the same object of the other. */
function isAlike(first: unknown, second: unknown): boolean {
  if (Array.isArray(first) && Array.isArray(second))
    return first.length === 0 || second.length === 0 || isAlike(first[0], second[0]);
  if (!isObject(first) || !isObject(second)) return true;
  const common = Object.keys(first).filter((key) => key in second);
  return (
    (common.length > 0 || Object.keys(first).length === 0 || Object.keys(second).length === 0) &&
    common.every((key) => isAlike(first[key], second[key]))
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValues<From, To>(
  fields: Readonly<Record<string, From>>,
  change: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, change(value, key)]),
  );
}
