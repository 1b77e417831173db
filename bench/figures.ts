// The figures of a benchmark: the measurements of each round, alternating with their yardsticks,
// and how a result is shown.

import { BATCH_SIZE } from './http-client.ts';
import { runHttpLoad } from './http.ts';
import { median, runLoad } from './load.ts';
import type { Network } from './network.ts';
import { measureFloor, measureSingleCommit, type PgBench } from './yardsticks.ts';

/** One figure in a result. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /**
   * `value` divided by the figure that `against` names, measured in the same round; the median over
   * all rounds.
   */
  readonly ratio?: number;
  readonly against?: string;
  /** What the ratio (or the value) should reach. */
  readonly target?: string;
  readonly runs: readonly number[];
}

/** All measurements of one round, by name. */
export type Round = Readonly<Record<string, number>>;

/** Number of callers at full load: enough to fill batches, few enough to stay in the CPU cache. */
const FULL_LOAD = 4_000;
const HTTP_CONNECTIONS = 512;

/** What a round needs. */
export interface RoundOptions {
  readonly network: Network;
  readonly pgbench: PgBench;
  readonly seconds: number;
  readonly round: number;
}

/** Measures everything once. */
export async function measureRound({
  network,
  pgbench,
  seconds,
  round,
}: RoundOptions): Promise<Round> {
  const { members, convert, context } = network;
  const anyone = (): Promise<boolean> =>
    convert(members[Math.floor(Math.random() * members.length)] ?? members[0]!).then(
      (outcome) => outcome.ok,
    );
  const hot = members[round]!;

  const tpcb = await pgbench.tps(seconds);
  const full = await runLoad(FULL_LOAD, seconds, anyone);
  const hotMember = await runLoad(FULL_LOAD, seconds, () =>
    convert(hot).then((outcome) => outcome.ok),
  );
  const tpcbAgain = await pgbench.tps(seconds);
  const callers64 = await runLoad(64, seconds, anyone);
  const floor = await measureFloor(context.pool, Math.min(seconds, 8));
  const single = await measureSingleCommit(context.pool, Math.min(seconds, 8));
  const alone = await runLoad(1, Math.min(seconds, 8), anyone);
  const http = await measureHttp(network, seconds, round);
  for (const [name, load] of Object.entries({ full, hotMember, callers64, alone })) {
    if (load.failures > 0) throw new Error(`${load.failures} conversions failed in ${name}`);
  }
  return {
    tpcb,
    tpcbAgain,
    floor,
    full: full.rate,
    hot: hotMember.rate,
    callers64: callers64.rate,
    callers64P50: callers64.p50,
    callers64P99: callers64.p99,
    aloneP50: alone.p50,
    singleP50: single.p50,
    ...http,
  };
}

async function measureHttp(network: Network, seconds: number, round: number): Promise<Round> {
  const { url, stop } = await network.serve();
  const { credentials, users } = network;
  const job = { url, credentials, users, seconds, connections: HTTP_CONNECTIONS };
  try {
    const ping = await runHttpLoad({
      ...job,
      path: '/api/ping',
      kind: 'ping',
      run: `ping-${round}`,
    });
    const transfer = await runHttpLoad({
      ...job,
      path: '/api/points/transfer',
      kind: 'transfer',
      run: `transfer-${round}`,
    });
    const half = await runHttpLoad({
      ...job,
      path: '/api/points/transfer',
      kind: 'transfer',
      run: `half-${round}`,
      pace: transfer.rate / 2,
    });
    const batch = await runHttpLoad({
      ...job,
      path: '/api/points/batch',
      kind: 'batch',
      run: `batch-${round}`,
      connections: 4,
    });
    const failures = ping.failures + transfer.failures + half.failures + batch.failures;
    if (failures > 0) throw new Error(`${failures} requests failed`);
    return {
      ping: ping.rate,
      transfer: transfer.rate,
      halfP50: half.p50,
      halfP99: half.p99,
      batch: batch.rate * BATCH_SIZE,
    };
  } finally {
    await stop();
  }
}

/** The reported figures, and the measurements that they are made from. */
const table: readonly {
  name: string;
  of: string;
  unit: string;
  over?: string;
  against?: string;
  target?: string;
}[] = [
  {
    name: 'conversions at full load',
    of: 'full',
    unit: '/s',
    over: 'tpcb',
    against: 'pgbench TPC-B, scale 50, 8 clients',
    target: '>= 8, aim 12',
  },
  {
    name: 'conversions at full load, against the floor',
    of: 'full',
    unit: '/s',
    over: 'floor',
    against: 'INSERT … SELECT of the same rows',
    target: '>= 0.20, aim 0.35',
  },
  {
    name: 'conversions, 64 callers',
    of: 'callers64',
    unit: '/s',
    over: 'tpcbAgain',
    against: 'pgbench TPC-B, scale 50, 8 clients',
    target: '>= 4',
  },
  { name: 'conversions, 64 callers, p50', of: 'callers64P50', unit: 'ms', target: '<= 5 ms' },
  { name: 'conversions, 64 callers, p99', of: 'callers64P99', unit: 'ms' },
  {
    name: 'conversion, one caller alone, p50',
    of: 'aloneP50',
    unit: 'ms',
    over: 'singleP50',
    against: 'single-row commit',
    target: '<= 3',
  },
  {
    name: 'conversions, all on one member',
    of: 'hot',
    unit: '/s',
    over: 'full',
    against: 'spread over all members',
    target: '>= 0.80',
  },
  {
    name: 'signed transfers over HTTP',
    of: 'transfer',
    unit: '/s',
    over: 'ping',
    against: 'signed no-op POST',
    target: '>= 0.50',
  },
  { name: 'signed transfer at half load, p50', of: 'halfP50', unit: 'ms' },
  { name: 'signed transfer at half load, p99', of: 'halfP99', unit: 'ms' },
  {
    name: 'conversions over the batch endpoint',
    of: 'batch',
    unit: '/s',
    over: 'full',
    against: 'in the process',
    target: '>= 0.60',
  },
  { name: 'pgbench TPC-B, scale 50, 8 clients', of: 'tpcb', unit: 'tps' },
  { name: 'INSERT … SELECT of the same rows', of: 'floor', unit: '/s' },
  { name: 'single-row commit, p50', of: 'singleP50', unit: 'ms' },
  { name: 'signed no-op POST', of: 'ping', unit: '/s' },
];

/** The figures over all rounds. */
export function figuresOf(rounds: readonly Round[]): Figure[] {
  return table.map(({ name, of, unit, over, against, target }) => {
    const runs = rounds.map((round) => round[of] ?? Number.NaN);
    const ratio =
      over === undefined
        ? undefined
        : median(rounds.map((round) => (round[of] ?? Number.NaN) / (round[over] ?? Number.NaN)));
    return {
      name,
      value: median(runs),
      unit,
      ...(ratio === undefined ? {} : { ratio }),
      ...(against === undefined ? {} : { against }),
      ...(target === undefined ? {} : { target }),
      runs,
    };
  });
}
