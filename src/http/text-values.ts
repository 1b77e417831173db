// Reads numbers and booleans in a path or a query, which arrive as text. Each value has exactly one
// accepted spelling, and nothing is coerced: `1e3`, `0x10`, `+1`, `01` and `Infinity` are not
// numbers here.

import { assert } from '../kernel/assert.ts';

/** Digits without a leading zero; more than any bound of an integer parameter needs. */
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;

/** Undefined for text without such a value. The text then stays text, and the schema refuses it. */
type ReadText = (text: string) => number | boolean | undefined;

const readers: Readonly<Record<string, ReadText>> = {
  integer: (text) => (WHOLE_NUMBER.test(text) ? Number(text) : undefined),
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

interface ParameterSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly minimum?: number;
  readonly maximum?: number;
}

interface ParametersSchema {
  readonly properties?: Readonly<Record<string, ParameterSchema>>;
}

/**
 * The reader for each parameter of a schema that is a whole number or a boolean. All others stay
 * text. Asserts that each number has bounds.
 */
export function textReaders(schema: object): ReadonlyMap<string, ReadText> {
  const { properties = {} } = schema as ParametersSchema;
  const found = new Map<string, ReadText>();
  for (const [name, parameter] of Object.entries(properties)) {
    const { type, minimum, maximum } = parameter;
    if (type === 'string' || (type === undefined && isChoice(parameter))) continue;
    const read = type === undefined ? undefined : readers[type];
    assert(read !== undefined, `parameter ${name} is text, a whole number, or true or false`);
    // Reading a number beyond 2^53 rounds it, but it stays above every bound and is refused.
    const bounded = minimum !== undefined && maximum !== undefined && Number.isSafeInteger(maximum);
    assert(type !== 'integer' || bounded, `parameter ${name} has bounds`);
    found.set(name, read);
  }
  return found;
}

/** True for an enumeration of texts, which has no `type` of its own. */
function isChoice({ enum: values, anyOf }: ParameterSchema): boolean {
  const choices = values ?? anyOf?.map((one) => one.const) ?? [];
  return choices.length > 0 && choices.every((choice) => typeof choice === 'string');
}

/** Replaces, in place, the texts that can be read. A parameter given twice is a list, stays one. */
export function readTextValues(values: unknown, readersOf: ReadonlyMap<string, ReadText>): void {
  if (typeof values !== 'object' || values === null) return;
  const parameters = values as Record<string, unknown>;
  for (const [name, read] of readersOf) {
    const text = parameters[name];
    const value = typeof text === 'string' ? read(text) : undefined;
    if (value !== undefined) parameters[name] = value;
  }
}
