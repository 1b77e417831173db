// A version is reported as in force once every running process has it: an approval waits for
// processes that are behind, but not for dead ones.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createProcesses, type Processes } from './processes.ts';

let database: TestDatabase;
let here: Processes;
let other: Processes;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database?.drop();
});
beforeEach(async () => {
  await database.pool.query('delete from valuation.process');
  [here, other] = [createProcesses(database.pool), createProcesses(database.pool)];
});

const rows = async (): Promise<unknown[]> =>
  (await database.pool.query('select version from valuation.process order by version')).rows;

it('waits for a process that is behind, until it has the version', async () => {
  // Its own row may be older: the process itself knows better.
  await here.report(6);
  await other.report(6);
  const order: string[] = [];
  const waiting = here
    .haveInForce(7)
    .then((inForce) => void order.push(`in force: ${String(inForce)}`));
  expect(await here.haveInForce(6)).toBe(true);
  order.push('the other has it');
  await other.report(7);
  await waiting;
  expect(order).toEqual(['the other has it', 'in force: true']);
});

it('says no where one stays behind', async () => {
  await other.report(6);
  expect(await here.haveInForce(7)).toBe(false);
});

it('waits for none that has stopped or died', async () => {
  await here.report(7);
  await other.report(6);
  await other.leave();
  expect(await rows()).toEqual([{ version: 7 }]);
  await other.report(6);
  await database.pool.query(
    `update valuation.process set seen_at = now() - interval '1 minute' where version = 6`,
  );
  expect(await here.haveInForce(7)).toBe(true);
  await database.pool.query(
    `update valuation.process set seen_at = now() - interval '2 hours' where version = 6`,
  );
  await here.report(8);
  expect(await rows()).toEqual([{ version: 8 }]);
});
