// The table of acts and the program: every route and every command that changes something is an
// act, and takes the number of persons in the table.

import type { Command } from 'commander';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestTerminal } from '../../test/fixtures/command.ts';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { operatorRoutes } from '../api/routes.ts';
import { createProgram } from '../commands.ts';
import { ACTS, actsOfCommand, personsSentence, type ActName, type ActRow } from './table.ts';

/**
 * Commands that read, that run the program, or that work on files and other programs: no acts of
 * operators.
 */
const NO_ACTS = [
  'start',
  'migrate',
  'audit',
  'export journal',
  'backtest',
  'report liability',
  'bench',
  'connector test',
  'sandbox faults',
  'platform list',
  'operator list',
  'rules show',
  'rules validate',
  'rules diff',
  'rules proposals',
  'rules proposal',
  'rules history',
  'rules variables',
  'rates show',
  'reviews list',
  'requests list',
  'requests show',
  'reconcile runs',
  'reconcile breaks',
  'transfers list',
  'transfers show',
  'disputes list',
  'disputes show',
  'rewards list',
  'rewards redemptions',
  'reserve list',
  'reserve show',
  'windows list',
  'windows show',
  'windows statement',
  'webhooks list',
  'webhooks deliveries',
  'connector show',
  'member find',
  'member show',
  'recalls list',
  'recalls show',
];

interface Described {
  readonly operationId: string;
  readonly description?: string;
  readonly responses: object;
}

let database: TestDatabase;
let api: TestApi;
let operations: Map<string, Described>;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  const { paths } = (await api.server.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Described>>;
  }>();
  const changing = Object.entries(paths)
    .filter(([path]) => path.startsWith('/operator/'))
    .flatMap(([, methods]) =>
      Object.entries(methods)
        .filter(([method]) => method !== 'get')
        .map(([, operation]) => operation),
    );
  operations = new Map(changing.map((operation) => [operation.operationId, operation]));
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const rows: readonly (readonly [string, ActRow])[] = Object.entries(ACTS);
/** What a call of each route of operators can be, by the operationId of the route. */
const actsOf = new Map<string, readonly ActName[]>(
  operatorRoutes.map(({ route, acts = [] }) => [route.operationId, acts]),
);

it('has every operation of operators that changes something, and no other', () => {
  const acting = [...actsOf].flatMap(([operationId, acts]) =>
    acts.length > 0 ? [operationId] : [],
  );
  expect([...operations.keys()].filter((id) => !acting.includes(id))).toEqual([]);
  expect(acting.filter((id) => !operations.has(id))).toEqual([]);
});

it('has every command that changes something, and no other', () => {
  const leavesOf = (command: Command, path: readonly string[] = []): string[] =>
    command.commands.length === 0
      ? [path.join(' ')]
      : command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
  const leaves = leavesOf(createProgram(new TestTerminal()));
  const named = new Set(rows.flatMap(([, row]) => row.commands ?? []));
  expect(leaves.filter((command) => !named.has(command) && !NO_ACTS.includes(command))).toEqual([]);
  expect([...named, ...NO_ACTS].filter((command) => !leaves.includes(command))).toEqual([]);
  expect([...named].filter((command) => NO_ACTS.includes(command))).toEqual([]);
});

it('and what takes two persons only asks, and says so', () => {
  for (const [operationId, { description, responses }] of operations) {
    const acts = (actsOf.get(operationId) ?? []).map((name): ActRow => ACTS[name]);
    const sentence = personsSentence(acts);
    if (sentence !== undefined) expect(description, operationId).toContain(sentence);
    const requested = acts.filter(
      ({ persons, decidedWith }) => persons !== 'one' && decidedWith === undefined,
    );
    expect(Object.keys(responses).includes('202'), operationId).toBe(requested.length > 0);
    if (requested.length > 0 && requested.length === acts.length)
      expect(Object.keys(responses), operationId).not.toContain('200');
  }
  expect(personsSentence(actsOfCommand('operator add'))).toBe(
    'Takes two operators once there are two; another one approves it with pontis requests ' +
      'approve. A person who adds an operator alone also chooses the second person.',
  );
  expect(personsSentence(actsOfCommand('operator suspend'))).toBeUndefined();
});

it('has no act that neither a route nor a command does', () => {
  const named = new Set<string>([...actsOf.values()].flat());
  const idle = rows.filter(
    ([name, { commands = [] }]) => !named.has(name) && commands.length === 0,
  );
  expect(idle.map(([name]) => name)).toEqual([]);
});

it('gives a reason for each', () => {
  for (const [name, { why }] of rows) expect(why, name).toMatch(/^[A-Z].*\.$/);
});
