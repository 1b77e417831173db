// Measures transfers between two connected platforms that answer in 10 ms, from the first
// authorisation until the queue is empty; then the same with faults in a fifth of all calls.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformId } from '../src/kernel/ids.ts';
import { addPlatform } from '../src/network/network.ts';
import type { Figure } from './figures.ts';
import { median } from './load.ts';
import type { Network } from './network.ts';

const SOURCE = 'platform_x' as PlatformId;
const TARGET = 'platform_y' as PlatformId;
const LATENCY_MS = 10;
const FAULT_SHARE = 0.2;
const MEMBERS = 500;
/** Authorisations that run at a time. */
const CALLERS = 500;

interface Platform {
  readonly url: string;
  readonly process: ChildProcess;
}

async function startPlatform(faultShare: number): Promise<Platform> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'slow-platform.ts'), String(LATENCY_MS), String(faultShare)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { url: line.trim(), process: child };
}

/** Runs `count` transfers in each round. */
export async function measureSagas(
  { context }: Network,
  count: number,
  rounds: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  const { identity, connections, ledger, pool, sagas } = context;
  for (const platformId of [SOURCE, TARGET]) {
    const added = await addPlatform(context, {
      platformId,
      name: platformId,
      custody: 'connected',
      multiplier: '1.0',
      reserveCapMinor: 10n ** 17n,
      connection: { url: 'http://127.0.0.1:9', token: 'bench' },
    });
    if (!added.ok) throw new Error(added.problem.detail);
  }
  const users = Array.from({ length: MEMBERS }, (_, index) => `saga_user_${index}`);
  const members = await Promise.all(
    users.map(async (user) => {
      const linked = await identity.linkUser(SOURCE, user);
      if (!linked.ok) throw new Error(linked.problem.detail);
      await identity.linkUser(TARGET, user, linked.value.memberId);
      return linked.value.memberId;
    }),
  );

  const measure = async (
    faultShare: number,
    run: string,
  ): Promise<{ rate: number; failed: number }> => {
    const platforms = [await startPlatform(faultShare), await startPlatform(faultShare)];
    const workers = sagas.start();
    try {
      for (const [index, platformId] of [SOURCE, TARGET].entries())
        await connections.set(
          { platformId, url: platforms[index]?.url ?? '', token: 'bench' },
          'bench',
        );
      const [begun, cpu] = [performance.now(), process.cpuUsage()];
      let next = 0;
      const caller = async (): Promise<void> => {
        for (let index = next; index < count; index = next) {
          next += 1;
          const memberId = members[index % MEMBERS]!;
          const outcome = await ledger.submit({
            kind: 'transfer',
            platformId: SOURCE,
            memberId,
            toMemberId: memberId,
            targetPlatformId: TARGET,
            amount: 100n,
            key: `saga ${run} ${index}`,
          });
          if (!outcome.ok) throw new Error(outcome.problem.detail);
        }
      };
      await Promise.all(Array.from({ length: CALLERS }, caller));
      const authorised = performance.now();
      for (;;) {
        const {
          rows: [row],
        } = await pool.query<{ open: bigint }>(
          `select count(*) as open from clearing.saga where state not in ('completed', 'failed')`,
        );
        if (row?.open === 0n) break;
        await sleep(50);
      }
      const seconds = (performance.now() - begun) / 1_000;
      const used = process.cpuUsage(cpu);
      const {
        rows: [failed],
      } = await pool.query<{ failed: bigint }>(
        `select count(*) as failed from clearing.saga where state = 'failed'`,
      );
      report(
        `${run}: ${count} authorised in ${((authorised - begun) / 1_000).toFixed(1)} s, ` +
          `drained after ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} /s, ` +
          `${((used.user + used.system) / count / 1_000).toFixed(2)} ms of this process for ` +
          `each, ${failed?.failed ?? 0n} failed`,
      );
      return { rate: count / seconds, failed: Number(failed?.failed ?? 0n) };
    } finally {
      await workers.stop();
      for (const platform of platforms) platform.process.kill('SIGKILL');
    }
  };

  const [whole, faulty]: [number[], number[]] = [[], []];
  await measure(0, 'warm-up');
  for (let round = 0; round < rounds; round += 1) {
    whole.push((await measure(0, `whole ${round}`)).rate);
    faulty.push((await measure(FAULT_SHARE, `faulty ${round}`)).rate);
  }
  return [
    {
      name: `transfers over two connected platforms, ${LATENCY_MS} ms each, drained`,
      value: median(whole),
      unit: '/s',
      target: '>= 500',
      runs: whole,
    },
    {
      name: 'with faults in 20 % of calls',
      value: median(faulty),
      unit: '/s',
      ratio: median(faulty.map((rate, index) => rate / (whole[index] ?? Number.NaN))),
      against: 'without faults',
      target: '>= 0.5',
      runs: faulty,
    },
  ];
}
