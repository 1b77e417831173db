// Measures how fast a backtest evaluates transactions under another rulebook, per second and per
// CPU second of this process.

import { backtest } from '../src/monitor/monitor.ts';
import { Rulebook, type RulebookDocument } from '../src/valuation/valuation.ts';
import type { Figure } from './figures.ts';
import { median } from './load.ts';
import type { Network } from './network.ts';

const RUNS = 3;
/** Conversions that run at a time while the tables are filled. */
const CALLERS = 4_000;

/** One or more rules of each kind. Each has a condition or limit for every transaction. */
const RULES: RulebookDocument['rules'] = {
  no_casino: { kind: 'deny', when: 'category == "casino"', reason: 'not this' },
  large: { kind: 'review', when: 'amount > 50000.0 && !("vip" in tags)', reason: 'large' },
  night_fee: { kind: 'fee', priority: 10, when: 'hour >= 22', fee: { rate: '0.02', on: 'source' } },
  fee: { kind: 'fee', fee: { rate: '0.01', minimum: '0.1', on: 'source' } },
  vip: { kind: 'bonus', when: '"vip" in tags', bonus: { rate: '0.05', paid_by: 'target' } },
  member_daily: {
    kind: 'limit',
    limit: { maximum: '100000', measure: 'points', per: 'day', of: 'member' },
  },
  network_monthly: {
    kind: 'limit',
    limit: { maximum: '999999999', measure: 'value', per: 'month', of: 'network' },
  },
};

/** Posts conversions, then measures backtests of them. */
export async function measureBacktest(
  { members, convert, context }: Network,
  conversions: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  for (let done = 0; done < conversions; done += CALLERS) {
    const outcomes = await Promise.all(
      Array.from({ length: CALLERS }, (_, index) =>
        convert(members[(done + index) % members.length]!),
      ),
    );
    if (outcomes.some((outcome) => !outcome.ok)) throw new Error('a conversion failed');
  }
  report(`made ${conversions} conversions`);
  const { document } = context.valuation.rulebook();
  const figures: Figure[] = [];
  for (const [name, rules] of [
    ['without rules', {}],
    ['under seven rules', RULES],
  ] as const) {
    const rates: number[] = [];
    const perCore: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const [from, cpu] = [performance.now(), process.cpuUsage()];
      const { transactions } = await backtest(
        Rulebook.of(0, { ...document, rules: { ...document.rules, ...rules } }),
        context,
      );
      const { user, system } = process.cpuUsage(cpu);
      const [seconds, cpuSeconds] = [(performance.now() - from) / 1000, (user + system) / 1e6];
      report(
        `${name}: ${transactions} transactions in ${seconds.toFixed(2)} s, ` +
          `${cpuSeconds.toFixed(2)} s of CPU in this process`,
      );
      rates.push(transactions / seconds);
      perCore.push(transactions / cpuSeconds);
    }
    figures.push(
      { name: `backtest ${name}`, value: median(rates), unit: '/s', runs: rates },
      {
        name: `backtest ${name}, for each core`,
        value: median(perCore),
        unit: '/CPU s',
        target: '>= 50000',
        runs: perCore,
      },
    );
  }
  return figures;
}
