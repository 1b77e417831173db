// Measures growth: the rate with many transactions in the tables compared with the rate with none,
// on one server in one run.

import type { Figure } from './figures.ts';
import { median, runLoad } from './load.ts';
import type { Network } from './network.ts';

const FULL_LOAD = 4_000;
const PROBES = 3;

/** Fills the tables up to `transactions`. */
export async function measureGrowth(
  network: Network,
  transactions: number,
  seconds: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  const { members, convert, context } = network;
  const anyone = (): Promise<boolean> =>
    convert(members[Math.floor(Math.random() * members.length)] ?? members[0]!).then(
      (outcome) => outcome.ok,
    );
  const probe = async (): Promise<number[]> => {
    const rates: number[] = [];
    for (let run = 0; run < PROBES; run += 1)
      rates.push((await runLoad(FULL_LOAD, seconds, anyone)).rate);
    return rates;
  };
  const count = async (): Promise<number> => {
    const { rows } = await context.pool.query<{ count: bigint }>(
      'select sum(sequence)::bigint as count from ledger.bucket',
    );
    return Number(rows[0]?.count ?? 0n);
  };
  const empty = await probe();
  report(`with ${await count()} transactions: ${empty.map(Math.round).join(', ')} /s`);
  for (let have = await count(); have < transactions; have = await count()) {
    await runLoad(FULL_LOAD, Math.min(60, Math.max(1, (transactions - have) / 40_000)), anyone);
    report(`filled to ${have}`);
  }
  const full = await probe();
  const stored = await count();
  report(`with ${stored} transactions: ${full.map(Math.round).join(', ')} /s`);
  return [
    {
      name: `conversions with ${stored} transactions in the tables`,
      value: median(full),
      unit: '/s',
      ratio: median(full) / median(empty),
      against: 'the same with none',
      target: '>= 0.85',
      runs: full,
    },
  ];
}
