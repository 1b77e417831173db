// kill -9 of programs that send to failing webhooks: each event arrives at least once, and in order
// where order is required.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWebhooks, type Webhooks } from '../../src/events/events.ts';
import type { PlatformId } from '../../src/kernel/ids.ts';
import { dbTransaction } from '../../src/runtime/database.ts';
import { createEgress, LOOPBACK_RANGES } from '../../src/runtime/egress.ts';
import { appendEvents } from '../../src/events/feed.ts';
import { createSealer } from '../../src/security/security.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { patience } from '../fixtures/patience.ts';
import {
  startReceiver,
  type Behaviour,
  type Message,
  type Receiver,
} from '../fixtures/receiver.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import type { SenderOptions } from '../fixtures/webhook-process.ts';

const seed = seedOf('killed sender');
const PROGRAM = new URL('../fixtures/webhook-process.ts', import.meta.url).pathname;
const PLATFORM = 'platform_a' as PlatformId;
const EVENTS = long ? 2_000 : 160;
const KILLS = long ? 30 : 4;
/**
 * How many times faster the senders' clocks run: a retry after five minutes comes after half a
 * second.
 */
const RATE = 600;
const startMs = Date.now();

let database: TestDatabase;
let webhooks: Webhooks;
const masterKey = randomBytes(32);
const children: ChildProcess[] = [];
const receivers: Receiver[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  webhooks = createWebhooks({
    pool: database.pool,
    clock: { now: Date.now },
    log: database.log,
    sealer: createSealer({ bytes: masterKey }),
    egress: createEgress({ allowedRanges: LOOPBACK_RANGES }),
  });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const receiver of receivers.splice(0)) await receiver.close();
  await database?.drop();
});

async function startSender(): Promise<ChildProcess> {
  const options: SenderOptions = {
    url: database.url,
    masterKey: masterKey.toString('hex'),
    startMs,
    rate: RATE,
  };
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

function tell(from: number, to: number): Promise<void> {
  const events = Array.from({ length: to - from }, (_, index) => ({
    type: 'transfer.completed',
    platformId: PLATFORM,
    data: { index: from + index },
  }));
  return dbTransaction(database.pool, (client) => appendEvents(client, events, Date.now()));
}

/** Accepted events, in the order in which each was accepted first. */
function accepted(receiver: Receiver | undefined): number[] {
  return [...new Set(receiver?.accepted.map(({ data }) => Number(data['index'])))];
}

it(
  'loses no event and keeps the order',
  async () => {
    const random = createRandom(seed);
    const faults: readonly Behaviour[] = [
      500,
      429,
      302,
      'reset',
      'reset after answer began',
      'hang',
    ];
    const tries = new Map<string, number>();
    /** A fault now and then, at most twice for one event, because the third wait would be long. */
    const shaky =
      (ordered: boolean) =>
      async ({ id }: Message): Promise<Behaviour> => {
        const key = `${id} ${ordered}`;
        const count = (tries.get(key) ?? 0) + 1;
        tries.set(key, count);
        await sleep(random.int(0, 8));
        return count > 2 || random.int(0, 5) > 0
          ? 200
          : (faults[random.int(0, faults.length - 1)] ?? 500);
      };
    for (const ordered of [false, true]) {
      const receiver = await startReceiver(shaky(ordered));
      receivers.push(receiver);
      const created = await webhooks.create(PLATFORM, {
        url: receiver.url,
        description: '',
        types: null,
        ordered,
      });
      if (!created.ok) throw new Error(created.problem.detail);
    }
    const arrived = (): number => receivers.reduce((sum, { messages }) => sum + messages.length, 0);

    const senders = [await startSender(), await startSender()];
    for (let kill = 0; kill < KILLS; kill += 1) {
      await tell((EVENTS / KILLS) * kill, (EVENTS / KILLS) * (kill + 1));
      const enough = arrived() + random.int(5, EVENTS / KILLS);
      while (arrived() < enough) await sleep(2);
      senders[kill % senders.length]?.kill('SIGKILL');
      senders[kill % senders.length] = await startSender();
    }
    const all = Array.from({ length: EVENTS }, (_, index) => index);
    while (receivers.some((receiver) => accepted(receiver).length < EVENTS)) await sleep(20);
    const [free, ordered] = receivers;
    expect(accepted(free).toSorted((a, b) => a - b)).toEqual(all);
    // A message that a killed program had sent but not recorded comes twice; its first arrival is
    // in order.
    expect(accepted(ordered)).toEqual(all);
  },
  patience(long ? 900_000 : 120_000),
);
