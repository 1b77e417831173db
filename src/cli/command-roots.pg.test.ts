// Finds the operator who gives a command, by option or environment, and refuses when there is none.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createIdentity, type Identity } from '../identity/identity.ts';
import { systemClock } from '../kernel/time.ts';
import { createPlatformTokens, createSealer } from '../security/security.ts';
import { actingOperator } from './command-roots.ts';

let database: TestDatabase;
let identity: Identity;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  database = await createTestDatabase();
  const masterKey = { bytes: randomBytes(32) };
  const { pool, log } = database;
  identity = await createIdentity({
    pool,
    log,
    sealer: createSealer(masterKey),
    tokens: createPlatformTokens(masterKey, systemClock),
  });
  for (const name of ['maker', 'checker', 'gone']) {
    const added = await identity.addOperator(name);
    tokens[name] = added.ok ? added.value.token : '';
  }
  await identity.setOperatorState('gone', 'suspended');
});
afterAll(async () => {
  identity?.close();
  await database?.drop();
});

const acting = (
  asToken: string | undefined,
  inEnvironment?: string,
): ReturnType<typeof actingOperator> =>
  actingOperator(
    asToken === undefined ? {} : { asToken },
    { environment: { PONTIS_OPERATOR_TOKEN: inEnvironment } },
    { identity },
  );

test('the option names the operator, else the environment', async () => {
  expect(await acting(tokens['maker'])).toMatchObject({ operatorId: 'maker', state: 'active' });
  expect(await acting(undefined, `${tokens['checker']}\n`)).toMatchObject({
    operatorId: 'checker',
  });
  expect(await acting(tokens['maker'], tokens['checker'])).toMatchObject({ operatorId: 'maker' });
});

test.each([
  [undefined, undefined],
  ['', undefined],
  [undefined, ' '],
])('nobody: %j, %j', async (asToken, inEnvironment) => {
  await expect(acting(asToken, inEnvironment)).rejects.toMatchObject({
    name: 'OperatorError',
    exit: 'usage',
    message: expect.stringContaining('--as-token or PONTIS_OPERATOR_TOKEN'),
  });
});

test('a token of nobody, and one of a suspended operator', async () => {
  await expect(acting('op_x')).rejects.toMatchObject({
    name: 'OperatorError',
    exit: 'badInput',
    message: expect.stringMatching(/^Invalid operator token\. /),
  });
  await expect(acting(tokens['gone'])).rejects.toMatchObject({
    name: 'OperatorError',
    exit: 'badInput',
    message: expect.stringMatching(/^Operator suspended\. /),
  });
});
