// Tests that numbers and booleans in paths and queries have one spelling: every route of the
// OpenAPI document with such a parameter gets all other spellings.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { inlineReferences } from '../../test/fixtures/inline-references.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: { readonly type?: string; readonly minimum?: number; readonly maximum?: number };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** One numeric or boolean parameter of one operation. */
interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly parameter: Parameter;
}

let database: TestDatabase;
let api: TestApi;
let operator: string;
let ann: string;
let places: readonly Place[];

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  operator = await api.operator('olga');
  ann = await api.user('platform_a', 10);
  const { paths } = inlineReferences((await api.server.inject('/openapi.json')).json<Document>());
  places = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      (operation.parameters ?? []).filter(isValue).map((parameter) => ({
        method: method.toUpperCase(),
        path,
        operation,
        parameter,
      })),
    ),
  );
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

/** True for a parameter that is a number or a boolean. */
function isValue(parameter: Parameter): boolean {
  const {
    in: where,
    schema: { type = '' },
  } = parameter;
  return where !== 'header' && ['integer', 'number', 'boolean'].includes(type);
}

/** Valid values of the other parameters of the same operation. */
const OTHERS: Readonly<Record<string, string>> = {
  user_id: 'ANN',
  from_user_id: 'ANN',
  platform_id: 'platform_a',
  window_id: '1',
  evidence: '1',
  proposal_id: '00000000-0000-0000-0000-000000000000',
  dispute_id: `dsp_${'0'.repeat(32)}`,
  from: '1',
  to: '1',
  webhook_id: `whk_${'0'.repeat(32)}`,
};

/** Valid bodies, so that the query is checked. A path is checked before any body. */
const BODIES: Readonly<Record<string, object>> = {
  transfer: {
    from_user_id: 'nobody',
    to_user_id: 'nobody',
    amount: 1,
    target_platform: 'platform_b',
  },
  redeem: { user_id: 'nobody', amount: 1, reward_id: 'mug' },
};

/** `value` is already percent-encoded. */
async function ask(place: Place, value: string): Promise<Answer> {
  const { method, path, operation, parameter } = place;
  let url = path;
  const query: string[] = [];
  for (const other of operation.parameters ?? []) {
    const own = other === parameter;
    const given = own ? value : (OTHERS[other.name] ?? 'x').replace('ANN', ann);
    if (other.in === 'path') url = url.replace(`{${other.name}}`, given);
    else if (own || (other.in === 'query' && other.required)) query.push(`${other.name}=${given}`);
  }
  const target = query.length === 0 ? url : `${url}?${query.join('&')}`;
  const body = method === 'GET' ? undefined : (BODIES[operation.operationId] ?? {});
  return path.startsWith('/operator/')
    ? api.operate(operator, method, target, body)
    : api.call('platform_a', method, target, body);
}

/** The place of a wrong value, for the failure message. */
function outcomeOf(place: Place, value: string, { status, body }: Answer): object {
  const {
    operation: { operationId },
    parameter: { name },
  } = place;
  const { code, field } = body as { readonly code?: string; readonly field?: string };
  return { operationId, name, value, status, code, field };
}

const NO_NUMBERS = [
  'Infinity',
  '-Infinity',
  'NaN',
  '1E400',
  '1e400',
  '1e0',
  '1e2',
  '1E1',
  '0x1',
  '0X1F',
  '0b1',
  '0o1',
  '01',
  '00',
  '0001',
  '-0',
  '-1',
  '%2B1',
  '%2B0',
  '1.0',
  '1.',
  '.5',
  '1_0',
  '1n',
  '1,0',
  '%201',
  '1%20',
  '%091',
  '1%0A',
  '1%00',
  '%C2%A01',
  '+1',
  '1+',
  '%EF%BC%91',
  '%D9%A1',
  '%E0%A5%A7',
  '%C2%B2',
  '%E2%82%82',
  'null',
  'true',
  'false',
  '[]',
  '[1]',
  '%5B1%5D',
  '%7B%7D',
  '%221%22',
  '9007199254740993',
  '9007199254740992',
  '99999999999999999999',
  '1'.repeat(400),
  '-9007199254740993',
];
const NO_BOOLEANS = [
  '1',
  '0',
  'TRUE',
  'True',
  'yes',
  'on',
  'null',
  'true%20',
  '%20true',
  '',
  'false,true',
  '%EF%BD%94rue',
  'NaN',
  '[]',
];

describe('parameters that are numbers or truth values', () => {
  it('are found in the document, and bounded', () => {
    expect(places.length).toBeGreaterThan(20);
    expect(new Set(places.map((place) => place.parameter.in))).toEqual(new Set(['path', 'query']));
    for (const {
      parameter: { schema },
    } of places) {
      if (schema.type === 'boolean') continue;
      expect(schema).toMatchObject({
        type: 'integer',
        minimum: expect.any(Number),
        maximum: expect.any(Number),
      });
    }
  });

  it('are taken in their one spelling', async () => {
    for (const place of places) {
      const { type, minimum, maximum } = place.parameter.schema;
      for (const value of type === 'boolean' ? ['true', 'false'] : [minimum, maximum].map(String)) {
        const outcome = outcomeOf(place, value, await ask(place, value));
        expect(outcome).not.toMatchObject({ field: place.parameter.name, status: 400 });
        expect(outcome).toMatchObject({ status: expect.toSatisfy((code: number) => code < 500) });
      }
    }
  });

  it('are refused in every other one', async () => {
    for (const place of places) {
      const { name, schema, in: where } = place.parameter;
      const none = schema.type === 'boolean' ? NO_BOOLEANS : NO_NUMBERS;
      const twice = ['', `1&${name}=1`, `1&${name}=2`, `true&${name}=true`, `1&${name}=`];
      for (const value of where === 'path' ? none : [...none, ...twice]) {
        const outcome = outcomeOf(place, value, await ask(place, value));
        expect(outcome).toEqual({ ...outcome, status: 400, code: 'invalid_field', field: name });
      }
    }
  });

  it('are no lists', async () => {
    for (const place of places.filter(({ parameter }) => parameter.in === 'query')) {
      const { name } = place.parameter;
      for (const spelling of [`${name}[]`, `${name}%5B0%5D`, `${name}.x`]) {
        const value = `1&${spelling}=1`;
        const outcome = outcomeOf(place, value, await ask(place, value));
        expect(outcome).toMatchObject({
          status: 400,
          code: expect.stringMatching(/^(invalid|unknown)_field$/),
        });
      }
    }
  });
});
