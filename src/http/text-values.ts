// Numbers and truth values in a path or a query arrive as text. They are read in one spelling only,
// and never coerced: `1e3`, `0x10`, `+1`, `01` and `Infinity` are no numbers here.

import { assert } from '../kernel/assert.ts';

/** Digits without a leading zero; more than any bound of an integer parameter needs. */
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;

/** Undefined for text that spells no such value; it stays text, which the schema then refuses. */
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

/** How the named parameters of a query or a path are read; the others stay text. */
export function textReaders(schema: object): ReadonlyMap<string, ReadText> {
  const { properties = {} } = schema as ParametersSchema;
  const found = new Map<string, ReadText>();
  for (const [name, parameter] of Object.entries(properties)) {
    const { type, minimum, maximum } = parameter;
    if (type === 'string' || (type === undefined && isChoice(parameter))) continue;
    const read = type === undefined ? undefined : readers[type];
    assert(read !== undefined, `parameter ${name} is text, a whole number, or true or false`);
    // A number beyond 2^53 is rounded when it is read; it stays above every bound.
    const bounded = minimum !== undefined && maximum !== undefined && Number.isSafeInteger(maximum);
    assert(type !== 'integer' || bounded, `parameter ${name} has bounds`);
    found.set(name, read);
  }
  return found;
}

/** A choice of texts has no type of its own. */
function isChoice({ enum: values, anyOf }: ParameterSchema): boolean {
  const choices = values ?? anyOf?.map((one) => one.const) ?? [];
  return choices.length > 0 && choices.every((choice) => typeof choice === 'string');
}

/** Replaces what can be read; a parameter that is given twice is a list and stays one. */
export function readTextValues(values: unknown, readersOf: ReadonlyMap<string, ReadText>): void {
  if (typeof values !== 'object' || values === null) return;
  const parameters = values as Record<string, unknown>;
  for (const [name, read] of readersOf) {
    const text = parameters[name];
    const value = typeof text === 'string' ? read(text) : undefined;
    if (value !== undefined) parameters[name] = value;
  }
}
