// Names the schemas of a document: those of a table, the answers and bodies of operations, and the
// answers that all operations have. Pure: it changes the finished document only, so validation and
// serializers stay as they are.

/**
 * Schemas by name, as they are in the code. A schema of the document gets the name if its content
 * is the same.
 */
export type SchemaNames = Readonly<Record<string, object>>;

type Json = { readonly [key: string]: unknown };

interface Operation extends Json {
  readonly operationId?: string;
  readonly summary?: string;
  readonly responses?: Readonly<Record<string, Json>>;
  readonly requestBody?: Json;
}

/** The parts of an OpenAPI document that get names. */
export interface NamedDocument extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: Json;
}

/** The responses that are the same for every operation, by status. */
const COMMON_RESPONSES: Readonly<Record<string, string>> = { '4XX': 'Refused', '5XX': 'NotDone' };
/** The library's description of a response without one. */
const UNDESCRIBED = 'Default Response';

/** Replaces schemas by references to their names, and collects the schemas that are referred to. */
function createNamer(names: SchemaNames) {
  const known = new Map(Object.entries(names).map(([name, schema]) => [keyOf(schema), name]));
  const schemas: Record<string, unknown> = {};
  const auto = new Map<string, string>();

  /**
   * Replaces a schema by a reference if it has a name; else replaces the named schemas inside it.
   */
  function refer(schema: unknown): unknown {
    if (!isObject(schema)) return schema;
    const name = known.get(keyOf(schema));
    if (name === undefined) return within(schema);
    const { description, ...rest } = schema;
    const { description: own } = plain(names[name]);
    // The library's form of the schema, with the description of the named one.
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

  /** Replaces an answer or a body by a reference; it gets its operation's name if it has none. */
  function referAs(name: string, schema: unknown): unknown {
    if (isObject(schema) && Array.isArray(schema['anyOf']))
      return { ...schema, anyOf: schema['anyOf'].map((choice) => referAs(name, choice)) };
    const found = refer(schema);
    if (!isObject(found) || found['$ref'] !== undefined || found['type'] !== 'object') return found;
    // Operations with the same answer or body share the name of the first one.
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

/**
 * Returns the document with named schemas, responses and parameters. Throws if two different
 * schemas would get the same name.
 */
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

  /**
   * Replaces a parameter that several operations share by a reference; the first one gets the name.
   */
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
 * Two schemas with the same key are the same. The description of an object does not count; the
 * description of a value does, because it says what the value means.
 */
function keyOf(schema: object): string {
  const written = plain(schema);
  const { description, ...rest } = written;
  const key = 'properties' in rest || description === undefined ? rest : written;
  return JSON.stringify(ordered(key));
}

/** Replaces `anyOf` of a plain type and null by JSON Schema's shorter form. */
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

/** The schema as plain JSON, without the additional fields of the schema library. */
function plain(schema: unknown): Json {
  return JSON.parse(JSON.stringify(schema)) as Json;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  // The library's form of a single value, and of fields with any name.
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
