// Gives the schemas of a document names: what a table names, the answers and bodies of operations,
// and the answers that all have. A pure step over the finished document: what validates and what
// serializes stays as it is.

/** Names of schemas as they are in the code; one is found wherever the same is written out. */
export type SchemaNames = Readonly<Record<string, object>>;

type Json = { readonly [key: string]: unknown };

interface Operation extends Json {
  readonly operationId?: string;
  readonly summary?: string;
  readonly responses?: Readonly<Record<string, Json>>;
  readonly requestBody?: Json;
}

export interface NamedDocument extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: Json;
}

/** Responses that every operation has alike, by their status. */
const COMMON_RESPONSES: Readonly<Record<string, string>> = { '4XX': 'Refused', '5XX': 'NotDone' };
/** What the library writes where a response has no description. */
const UNDESCRIBED = 'Default Response';

/** Refers to schemas by their names, and collects those that were referred to. */
function createNamer(names: SchemaNames) {
  const known = new Map(Object.entries(names).map(([name, schema]) => [keyOf(schema), name]));
  const schemas: Record<string, unknown> = {};
  const auto = new Map<string, string>();

  /** A schema with named ones inside it; a reference where it has a name itself. */
  function refer(schema: unknown): unknown {
    if (!isObject(schema)) return schema;
    const name = known.get(keyOf(schema));
    if (name === undefined) return within(schema);
    const { description, ...rest } = schema;
    const { description: own } = plain(names[name]);
    // As the library has written it, with the description that belongs to the name.
    schemas[name] ??= within({ ...rest, ...(own === undefined ? {} : { description: own }) });
    const same = description === undefined || description === own;
    return { $ref: `#/components/schemas/${name}`, ...(same ? {} : { description }) };
  }

  function within(schema: Json): Json {
    return mapFields(shorten(schema), (key, value) =>
      key === 'properties' || key === 'patternProperties'
        ? mapFields(value as Json, (_name, field) => refer(field))
        : key === 'anyOf' || key === 'oneOf' || key === 'allOf'
          ? (value as unknown[]).map(refer)
          : key === 'items' || key === 'additionalProperties'
            ? refer(value)
            : value,
    );
  }

  /** An answer or a body, which has the name of its operation where it has none of its own. */
  function referAs(name: string, schema: unknown): unknown {
    if (isObject(schema) && Array.isArray(schema['anyOf']))
      return { ...schema, anyOf: schema['anyOf'].map((choice) => referAs(name, choice)) };
    const found = refer(schema);
    if (!isObject(found) || found['$ref'] !== undefined || found['type'] !== 'object') return found;
    // Operations of both sides that take or answer the same share the name of the first.
    const written = JSON.stringify(found);
    const first = auto.get(written) ?? name;
    auto.set(written, first);
    if (JSON.stringify(schemas[first] ?? found) !== written)
      throw new Error(`two schemas would be named ${first}`);
    schemas[first] = found;
    return { $ref: `#/components/schemas/${first}` };
  }

  return { refer, referAs, schemas };
}

export function nameSchemas<Document extends NamedDocument>(
  document: Document,
  names: SchemaNames,
): Document {
  const { refer, referAs, schemas } = createNamer(names);
  const responses: Record<string, unknown> = {};
  const parameters: Record<string, Json> = {};

  function nameMedia(name: string, message: Json): Json {
    const { content } = message;
    if (!isObject(content)) return message;
    return {
      ...message,
      content: mapFields(content, (_type, media) => ({
        ...(media as Json),
        schema: referAs(name, (media as Json)['schema']),
      })),
    };
  }

  function nameResponse(status: string, response: Json, operation: Operation): Json {
    const common = COMMON_RESPONSES[status];
    if (common !== undefined) {
      responses[common] ??= nameMedia('Problem', response);
      return { $ref: `#/components/responses/${common}` };
    }
    const { operationId = '', summary = '' } = operation;
    const named = nameMedia(`${pascal(operationId)}Answer`, response);
    return response['description'] === UNDESCRIBED
      ? { ...named, description: `${summary}.` }
      : named;
  }

  /** A reference where several operations have the same parameter; the first one has the name. */
  function nameParameter(parameter: Json): Json {
    const named = { ...parameter, schema: refer(parameter['schema']) };
    const name = pascal(
      String(parameter['name']).replaceAll(/[-_](\w)/g, (_, c: string) => c.toUpperCase()),
    );
    parameters[name] ??= named;
    return JSON.stringify(parameters[name]) === JSON.stringify(named)
      ? { $ref: `#/components/parameters/${name}` }
      : named;
  }

  const paths = mapFields(document.paths, (_path, methods) =>
    mapFields(methods as Json, (_method, value) => {
      const operation = value as Operation;
      const {
        operationId = '',
        requestBody,
        parameters: given,
        responses: answers = {},
      } = operation;
      return {
        ...operation,
        ...(Array.isArray(given) ? { parameters: given.map(nameParameter) } : {}),
        ...(requestBody === undefined
          ? {}
          : { requestBody: nameMedia(`${pascal(operationId)}Request`, requestBody) }),
        responses: mapFields(answers, (status, response) =>
          nameResponse(status, response as Json, operation),
        ),
      };
    }),
  );
  return {
    ...document,
    paths,
    components: { ...document.components, parameters, responses, schemas: sorted(schemas) },
  };
}

/**
 * Two schemas with one key are the same: objects whatever their descriptions at the top, values
 * with theirs, which says what they mean.
 */
function keyOf(schema: object): string {
  const written = plain(schema);
  const { description, ...rest } = written;
  const key = 'properties' in rest || description === undefined ? rest : written;
  return JSON.stringify(ordered(key));
}

/** `anyOf` of a plain type and null, in the shorter form that JSON Schema has for it. */
function shorten(schema: Json): Json {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [first, second] = anyOf as readonly Json[];
  if (first === undefined || second?.['type'] !== 'null') return schema;
  const { type, description, ...bounds } = first;
  const isPlain = typeof type === 'string' && type !== 'object' && !('enum' in bounds);
  if (!isPlain || (description !== undefined && rest['description'] !== undefined)) return schema;
  return {
    type: [type, 'null'],
    ...bounds,
    ...(description === undefined ? {} : { description }),
    ...rest,
  };
}

/** As JSON has it: the library of the schemas keeps more of its own in them. */
function plain(schema: unknown): Json {
  return JSON.parse(JSON.stringify(schema)) as Json;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  // As the library writes a single value, and fields whose names are not told.
  const { const: only, patternProperties, ...rest } = value;
  const [ofAll] = Object.values((patternProperties as Json | undefined) ?? {});
  const fields = {
    ...rest,
    ...(only === undefined ? {} : { enum: [only] }),
    ...(ofAll === undefined ? {} : { additionalProperties: ofAll }),
  };
  return mapFields(sorted(fields), (_key, field) => ordered(field));
}

function sorted(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function mapFields(fields: Json, change: (key: string, value: unknown) => unknown): Json {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, change(key, value)]),
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pascal(operationId: string): string {
  return operationId.charAt(0).toUpperCase() + operationId.slice(1);
}
