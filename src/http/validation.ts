// Compiles schemas to validators, and turns their errors into problems. Bodies are validated as
// they are: nothing is coerced, filled in or removed.

import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import type { FastifySchemaValidationError } from 'fastify';
import type { Problem } from '../kernel/problem.ts';
import { apiProblems, missingField } from './problems.ts';
import { readTextValues, textReaders } from './text-values.ts';

/** Makes validators from JSON Schemas. */
export interface SchemaCompiler {
  /** Compiles the schema of a body. */
  compileStrict(schema: object): ValidateFunction;
  /** Compiles the schema of a query or of path parameters, whose values all arrive as text. */
  compileText(schema: object): TextValidator;
}

/** Returns whether the values match the schema, and keeps the errors. */
interface TextValidator {
  (values: unknown): boolean;
  errors?: ErrorObject[] | null;
}

/** Two compilers: only that for text fills in the defaults of a schema. */
export function createSchemaCompiler(): SchemaCompiler {
  const options: Options = {
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    removeAdditional: false,
    useDefaults: false,
  };
  const strict = new Ajv({ ...options, coerceTypes: false });
  const textual = new Ajv({ ...options, coerceTypes: false, useDefaults: true });
  return {
    compileStrict: (schema) => strict.compile(schema),
    compileText: (schema) => compileText(textual, schema),
  };
}

function compileText(ajv: Ajv, schema: object): TextValidator {
  const validate = ajv.compile(schema);
  const readers = textReaders(schema);
  const validateText: TextValidator = (values) => {
    readTextValues(values, readers);
    const valid = validate(values);
    validateText.errors = validate.errors ?? null;
    return valid;
  };
  return validateText;
}

/** The problem of an operation for a missing field; the source requirement has three wordings. */
export type MissingWords = (field: string) => Problem;

const missingWords: Readonly<Record<string, MissingWords>> = {
  querystring: (field) =>
    field === 'user_id' ? apiProblems.missing_user_id(undefined, { field }) : missingField(field),
};

/** The problem for the first error of a validator. `part` is `body`, `querystring` or `params`. */
export function validationProblem(
  errors: readonly (ErrorObject | FastifySchemaValidationError)[],
  part: string,
  missing?: MissingWords,
): Problem {
  const error = errors[0];
  if (error === undefined) return apiProblems.invalid_field();
  const parent = fieldOf(error.instancePath);
  switch (error.keyword) {
    case 'required':
      return (missing ?? missingWords[part] ?? missingField)(
        join(parent, String(error.params['missingProperty'])),
      );
    case 'minLength':
      // The source requirement counts an empty text as missing.
      return (missing ?? missingWords[part] ?? emptyField)(parent);
    case 'additionalProperties': {
      const field = join(parent, printable(String(error.params['additionalProperty'])));
      return apiProblems.unknown_field(
        `${field} is not a field of this ${part === 'body' ? 'body' : 'query'}.`,
        { field },
      );
    }
    default: {
      const field = parent === '' ? part : parent;
      if (lastOf(field) === 'amount' && error.keyword === 'type')
        return apiProblems.amount_not_a_number(`${field} is not a number.`, { field });
      const wording = (part === 'body' ? undefined : textWords(error)) ?? wordsFor(error);
      return apiProblems.invalid_field(`${field} ${wording}.`, { field });
    }
  }
}

function emptyField(field: string): Problem {
  return apiProblems.invalid_field(`${field} must not be empty.`, { field });
}

const words: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  type: ({ type }) => `must be of type ${String(type).replaceAll(',', ' or ')}`,
  maxLength: ({ limit }) => `must be at most ${String(limit)} characters long`,
  minimum: ({ limit }) => `must be at least ${String(limit)}`,
  maximum: ({ limit }) => `must be at most ${String(limit)}`,
  minItems: ({ limit }) => `must have at least ${String(limit)} items`,
  maxItems: ({ limit }) => `must have at most ${String(limit)} items`,
  maxProperties: ({ limit }) => `must have at most ${String(limit)} members`,
  uniqueItems: () => 'must not have the same item twice',
  pattern: () => 'has a form or characters that are not allowed',
  propertyNames: () => 'has a member whose name is not allowed',
};

interface SchemaError {
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What a parameter of a path or a query must look like. */
function textWords({ keyword, params: { type } }: SchemaError): string | undefined {
  if (keyword !== 'type') return undefined;
  if (type === 'integer') return 'must be a whole number, written in digits only and given once';
  return type === 'boolean' ? 'must be true or false and given once' : undefined;
}

function wordsFor(error: SchemaError): string {
  return words[error.keyword]?.(error.params) ?? 'is not valid';
}

/** JSON pointer → dotted path. */
function fieldOf(pointer: string): string {
  return printable(
    pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~'),
  );
}

function join(parent: string, field: string): string {
  return parent === '' ? field : `${parent}.${field}`;
}

function lastOf(field: string): string {
  return field.slice(field.lastIndexOf('.') + 1);
}

/**
 * Makes a name from the caller safe to repeat: at most 80 characters, without control characters
 * that could confuse a log or a page.
 */
function printable(name: string): string {
  return name
    .slice(0, 80)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
