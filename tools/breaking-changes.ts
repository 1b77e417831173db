// What a new OpenAPI document breaks for callers that were written by an old one. A pure comparison
// of what is asked of callers and what they are told; words, names and order do not matter.

import { inlineReferences } from '../test/fixtures/inline-references.ts';

type Json = { readonly [key: string]: unknown };

export interface Breaking {
  /** Method and path, such as `POST /api/points/earn`. */
  readonly operation: string;
  readonly change: string;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Json;
}

interface Message {
  readonly required?: boolean;
  readonly content?: Readonly<Record<string, { readonly schema?: Json }>>;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Message;
  readonly responses: Readonly<Record<string, Message>>;
  readonly security?: unknown;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

type Report = (change: string) => void;

export function findBreakingChanges(before: object, after: object): Breaking[] {
  const [old, now] = [inlineReferences(before) as Document, inlineReferences(after) as Document];
  const found: Breaking[] = [];
  for (const [path, methods] of Object.entries(old.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      const report: Report = (change) => void found.push({ operation: name, change });
      const next = now.paths[path]?.[method];
      if (next === undefined) report('the operation is gone');
      else compareOperations(operation, next, report);
    }
  }
  return found;
}

function compareOperations(before: Operation, after: Operation, report: Report): void {
  if (JSON.stringify(before.security) !== JSON.stringify(after.security))
    report('who may call it is proven otherwise');
  compareParameters(before.parameters ?? [], after.parameters ?? [], report);
  const [body, nextBody] = [before.requestBody, after.requestBody];
  if (nextBody?.required === true && body?.required !== true) report('a body is required');
  for (const [type, { schema }] of Object.entries(body?.content ?? {})) {
    const next = nextBody?.content?.[type];
    if (next === undefined) report(`a body of ${type} is not taken any more`);
    else compareAsked(schema ?? {}, next.schema ?? {}, 'body', report);
  }
  for (const [status, response] of Object.entries(before.responses)) {
    const next = after.responses[status];
    if (next === undefined) {
      report(`${status} is not answered any more`);
      continue;
    }
    for (const [type, { schema }] of Object.entries(response.content ?? {})) {
      const media = next.content?.[type];
      if (media === undefined) report(`${status} is not answered as ${type} any more`);
      else compareTold(schema ?? {}, media.schema ?? {}, status, report);
    }
  }
  for (const status of Object.keys(after.responses))
    if (status.startsWith('2') && before.responses[status] === undefined)
      report(`${status} is answered, which was not`);
}

function compareParameters(
  before: readonly Parameter[],
  after: readonly Parameter[],
  report: Report,
): void {
  const find = (all: readonly Parameter[], { name, in: place }: Parameter) =>
    all.find((other) => other.name === name && other.in === place);
  for (const parameter of before) {
    const next = find(after, parameter);
    if (next === undefined) report(`the parameter ${parameter.name} is gone`);
    else compareAsked(parameter.schema ?? {}, next.schema ?? {}, parameter.name, report);
  }
  for (const parameter of after)
    if (parameter.required === true && find(before, parameter)?.required !== true)
      report(`the parameter ${parameter.name} is required`);
}

/** What a caller sends: whatever was taken has to be taken still. */
function compareAsked(before: Json, after: Json, at: string, report: Report): void {
  const gone = missingFrom(valuesOf(after), valuesOf(before));
  if (gone.length > 0) report(`${at} does not take ${gone.join(', ')} any more`);
  for (const [bound, isNarrower] of BOUNDS)
    if (isNarrower(before[bound], after[bound])) report(`${bound} of ${at} is narrower`);
  const [fields, nextFields] = [fieldsOf(before), fieldsOf(after)];
  for (const [name, field] of Object.entries(fields)) {
    const next = nextFields[name];
    if (next !== undefined) compareAsked(field, next, `${at}.${name}`, report);
    else if (after['additionalProperties'] === false) report(`${at}.${name} is not taken any more`);
  }
  for (const name of requiredOf(after))
    if (!requiredOf(before).includes(name)) report(`${at}.${name} is required`);
  if (isObject(before['items']) && isObject(after['items']))
    compareAsked(before['items'], after['items'], `${at}[]`, report);
}

/** What a caller is told: nothing that it relies on may be missing, and nothing unforeseen come. */
function compareTold(before: Json, after: Json, at: string, report: Report): void {
  const strange = missingFrom(valuesOf(before), valuesOf(after));
  if (strange.length > 0) report(`${at} may be ${strange.join(', ')}`);
  const [fields, nextFields] = [fieldsOf(before), fieldsOf(after)];
  for (const [name, field] of Object.entries(fields)) {
    const next = nextFields[name];
    if (next === undefined) report(`${at}.${name} is gone`);
    else compareTold(field, next, `${at}.${name}`, report);
  }
  for (const name of requiredOf(before))
    if (nextFields[name] !== undefined && !requiredOf(after).includes(name))
      report(`${at}.${name} may be absent`);
  if (isObject(before['items']) && isObject(after['items']))
    compareTold(before['items'], after['items'], `${at}[]`, report);
  const [choices, nextChoices] = [choicesOf(before), choicesOf(after)];
  choices.forEach((choice, index) => {
    const next = nextChoices[index];
    if (next === undefined) report(`${at} has fewer forms`);
    else compareTold(choice, next, at, report);
  });
}

const isLess = (was: unknown, is: unknown): boolean =>
  is !== undefined && (was === undefined || Number(is) < Number(was));
const isMore = (was: unknown, is: unknown): boolean =>
  is !== undefined && (was === undefined ? Number(is) > 0 : Number(is) > Number(was));
const isOther = (was: unknown, is: unknown): boolean => is !== undefined && is !== was;

const BOUNDS: readonly (readonly [string, (was: unknown, is: unknown) => boolean])[] = [
  ['maximum', isLess],
  ['maxLength', isLess],
  ['maxItems', isLess],
  ['minimum', isMore],
  ['minLength', isMore],
  ['minItems', isMore],
  ['pattern', isOther],
  ['format', isOther],
];

/** Types and single values that a schema allows; undefined where it allows any. */
function valuesOf(schema: Json): readonly string[] | undefined {
  const choices = choicesOf(schema).map(valuesOf);
  if (choices.length > 0)
    return choices.some((values) => values === undefined)
      ? undefined
      : choices.flatMap((values) => values ?? []);
  const { enum: listed, const: only, type } = schema;
  if (only !== undefined) return [JSON.stringify(only)];
  if (Array.isArray(listed)) return listed.map((value) => JSON.stringify(value));
  if (type === undefined) return undefined;
  return Array.isArray(type) ? type.map(String) : [String(type)];
}

/** What of `values` is not allowed by `allowed`. */
function missingFrom(
  allowed: readonly string[] | undefined,
  values: readonly string[] | undefined,
): readonly string[] {
  if (allowed === undefined) return [];
  if (values === undefined) return ['anything'];
  return values.filter((value) => !allowed.includes(value) && !isOfAllowedType(value, allowed));
}

/** A single value, where all of its type are allowed; an integer is a number. */
function isOfAllowedType(value: string, allowed: readonly string[]): boolean {
  if (value === 'integer') return allowed.includes('number');
  if (value.startsWith('"')) return allowed.includes('string');
  if (value === 'true' || value === 'false') return allowed.includes('boolean');
  return /^-?\d/.test(value) && (allowed.includes('number') || allowed.includes('integer'));
}

function choicesOf({ anyOf, oneOf }: Json): readonly Json[] {
  return [...(Array.isArray(anyOf) ? anyOf : []), ...(Array.isArray(oneOf) ? oneOf : [])] as Json[];
}

function fieldsOf({ properties }: Json): Readonly<Record<string, Json>> {
  return isObject(properties) ? (properties as Readonly<Record<string, Json>>) : {};
}

function requiredOf({ required }: Json): readonly string[] {
  return Array.isArray(required) ? required.map(String) : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What of the changes the version does not say. A break is said where the major version rises
 * (before 1.0.0 the minor one) and the changelog names the operation's path under the new version,
 * in its group Changed or Removed.
 */
export function unsaidChanges(
  changes: readonly Breaking[],
  released: string,
  version: string,
  changelog: string,
): Breaking[] {
  if (!risesEnough(released, version)) return [...changes];
  const section = changelog.split(/^## /m).find((part) => part.startsWith(`[${version}]`)) ?? '';
  const groups = section.split(/^### /m).filter((part) => /^(Changed|Removed)\b/.test(part));
  return changes.filter(({ operation }) => {
    const [, path = ''] = operation.split(' ');
    return !groups.some(
      (group) => group.includes(`\`${path}\``) || group.includes(`${operation}\``),
    );
  });
}

function risesEnough(released: string, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor = 0, oldMinor = 0] = released.split('.').map(Number);
  return major > oldMajor || (major === 0 && oldMajor === 0 && minor > oldMinor);
}
