// A platform that takes calls and never answers them holds up nobody but its own transfers.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConnectedNetwork, type ConnectedNetwork } from '../fixtures/connected.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';

let database: TestDatabase;
let network: ConnectedNetwork;
let [underWay, most] = [0, 0];
const silent = createServer((request) => {
  underWay += 1;
  most = Math.max(most, underWay);
  request.on('close', () => void (underWay -= 1));
});

beforeAll(async () => {
  database = await createTestDatabase();
  network = await createConnectedNetwork(database);
  await new Promise<void>((listening) => void silent.listen(0, '127.0.0.1', listening));
  await network.api.parts.connections.set(
    {
      platformId: 'platform_x',
      url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      token: 't',
    },
    'test',
  );
});
afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await network?.close();
  await database?.drop();
});

it('few of its calls are under way, and those that wait for it come back one after another while others go on', async () => {
  const [user = '', other = ''] = network.users;
  for (let count = 0; count < 300; count += 50)
    await Promise.all(
      Array.from({ length: 50 }, () =>
        network.transfer('platform_a', 'platform_x', user, other, 0.01),
      ),
    );
  network.work();
  for (let count = 0; count < 5; count += 1) {
    expect(
      (await network.transfer('platform_a', 'platform_y', user, other, 1, { prefer: 'wait=30' }))
        .body,
    ).toMatchObject({ status: 'completed' });
  }
  expect(most).toBeLessThanOrEqual(20);
  const {
    rows: [row],
  } = await database.pool.query<{ waiting: bigint; looks: bigint }>(
    `select count(*) as waiting, sum(revision) as looks from clearing.saga
        where target_platform = 'platform_x' and state = 'looking_up_target'`,
  );
  expect(row?.waiting).toBe(300n);
  // All that waited every 300 ms before: a look at each of them several times a second.
  expect(Number(row?.looks)).toBeLessThan(300 * 20);
});
