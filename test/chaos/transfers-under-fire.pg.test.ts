// Transfers among three platforms while a seeded schedule kills, cuts off and stops every process
// and falsifies answers. In the end each transfer is completely done or completely undone at every
// platform, as its caller was told, and nothing else has happened. PONTIS_SEED replays requests and
// schedule.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { expectSound } from '../fixtures/journal.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import {
  FAULT_KINDS,
  createFaultInjector,
  planFaults,
  planPlatformFaults,
} from '../fixtures/under-fire/fault-injector.ts';
import { Load, planAsks } from '../fixtures/under-fire/load.ts';
import {
  CONNECTED,
  startNetworkUnderFire,
  STRANGER,
  type NetworkUnderFire,
} from '../fixtures/under-fire/network.ts';
import { reconcileAll } from '../fixtures/under-fire/reconcile.ts';
import { watchRecoveries } from '../fixtures/under-fire/recoveries.ts';
import { untilDrained } from '../fixtures/under-fire/until-drained.ts';
import { judge } from '../fixtures/under-fire/verdict.ts';

const seed = seedOf('transfers under fire');
const MEMBERS = 20;
const WORKERS = 2;
const CLIENTS = 16;
const ROUNDS = long ? 10 : 1;
/** Requests between two faults. */
const PORTION = long ? 50 : 36;

let network: NetworkUnderFire | undefined;
let load: Load | undefined;

afterEach(async () => {
  load?.stop();
  await network?.close();
});

it(
  'each is wholly done or wholly undone, at the hub and at every platform',
  async ({ onTestFailed }) => {
    const random = createRandom(seed);
    const begunAt = performance.now();
    network = await startNetworkUnderFire(MEMBERS, WORKERS);
    const { server, members, workers, api } = network;
    onTestFailed(() => {
      for (const { name, said } of [api, ...workers])
        tell(`the last words of ${name}:\n${said.split('\n').slice(-10).join('\n')}`);
    });
    const faults = planFaults(random.fork(1), ROUNDS, WORKERS);
    const asks = planAsks(
      random.fork(2),
      [...members.keys()].filter((user) => user !== STRANGER),
      (faults.length + 1) * PORTION,
    );
    const recoveries = watchRecoveries(server.pool);
    const injector = createFaultInjector(network, recoveries);
    for (const platform of CONNECTED)
      await network.setFaults(platform, planPlatformFaults(random.fork(3)));

    load = new Load(network, asks);
    const asking = load.run(CLIENTS);
    // Its failure is reported where it is awaited.
    asking.catch(() => undefined);
    const startedAt = performance.now();
    tell(`the network stands after ${seconds(begunAt)}`);
    for (const fault of faults) {
      load.release(PORTION);
      while (load.waiting > PORTION / 2) await sleep(5);
      tell(`${seconds(startedAt)} ${load.answered.size} answered, ${JSON.stringify(fault)}`);
      await injector.inject(fault);
    }
    load.release(PORTION);
    await injector.stop();
    tell(`${seconds(startedAt)} the faults have ended`);
    await asking;
    tell(`${seconds(startedAt)} all is answered`);
    await untilDrained(server.pool);
    await recoveries.stop();
    const { tookMs } = recoveries;
    tell(
      `${seconds(startedAt)} drained; ${load.repeats} attempts repeated; ${tookMs.length} ` +
        `sagas of killed workers were gone on with after ${Math.round(tookMs.at(-1) ?? 0)} ms ` +
        `at most, ${Math.round(tookMs.at(tookMs.length / 2) ?? 0)} ms in the median, ` +
        `${tookMs.filter((ms) => ms > 10_000).length} of them after more than 10 s`,
    );

    expect(new Set(faults.map((fault) => fault.kind))).toEqual(new Set(FAULT_KINDS));
    expect(load.answered.size).toBe(asks.length);
    const { wrong, counts } = await judge(network, load.answered.values());
    tell(JSON.stringify(counts));
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(
      Math.min(counts['completed'] ?? 0, counts['failed'] ?? 0, counts['reversed'] ?? 0),
    ).toBeGreaterThan(0);
    await expectSound(server.pool);
    // The same keys again: the same transactions, and nothing new.
    for (const { ask, reply } of [...load.answered.values()]
      .filter(({ reply: { body } }) => body['transaction_id'] !== undefined)
      .slice(-30)) {
      const again = await load.send(ask);
      expect([again.replayed, again.body['transaction_id']]).toEqual([
        true,
        reply.body['transaction_id'],
      ]);
    }
    expect((await judge(network, load.answered.values())).wrong).toEqual([]);
    await Promise.all(workers.map((worker) => worker.close()));
    const { runs, openBreaks } = await network.withContext(reconcileAll);
    expect(
      runs.map(({ state, breaks, underWay, total }) => ({
        state,
        breaks,
        underWay,
        total: total?.state,
      })),
    ).toEqual(runs.map(() => ({ state: 'complete', breaks: {}, underWay: 0n, total: 'agrees' })));
    expect(openBreaks).toBe(0);
    tell(
      `${seconds(startedAt)} reconciled; ` +
        `${runs.map(({ platformId, matched }) => `${matched} transactions match at ${platformId}`).join(', ')}`,
    );
    expect(
      [api, ...workers]
        .flatMap(({ said }) =>
          said
            .split('\n')
            .filter((line) => /"level":"fatal"|unexpected error|defect of Pontis/.test(line)),
        )
        .slice(0, 5),
    ).toEqual([]);
  },
  patience(long ? 3_600_000 : 240_000),
);

function tell(text: string): void {
  process.stdout.write(`transfers under fire: ${text}\n`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s:`;
}
