// Measures the cost of rules: conversions with 200 rules in force compared with none, and a quote
// compared with a balance read. They alternate.

import { activateDue } from '../src/network/network.ts';
import type { RulebookDocument } from '../src/valuation/valuation.ts';
import type { Figure } from './figures.ts';
import { runHttpLoad } from './http.ts';
import { median, runLoad } from './load.ts';
import type { Network } from './network.ts';

const FULL_LOAD = 4_000;
const CONNECTIONS = 64;

type Rules = RulebookDocument['rules'];

/**
 * 200 rules like those of a network with several platforms: 100 are about other pairs, and 100 must
 * be evaluated for each conversion of the benchmark. No rule applies, so all are evaluated and the
 * transactions stay the same.
 */
function manyRules(): Rules {
  const rules: Rules = {};
  for (let index = 0; index < 100; index += 1) {
    rules[`pair_${index}`] = {
      kind: 'fee',
      when: `source == "platform_${index}x" && target == "platform_b" && amount > ${index}`,
      fee: { rate: '0.01', on: 'source' },
    };
  }
  for (let index = 0; index < 40; index += 1)
    rules[`deny_${index}`] = {
      kind: 'deny',
      when: `category == "category_${index}" && amount > ${1_000 + index}`,
      reason: 'x',
    };
  for (let index = 0; index < 20; index += 1)
    rules[`review_${index}`] = {
      kind: 'review',
      when: `amount > ${1_000_000 + index}`,
      reason: 'x',
    };
  for (let index = 0; index < 20; index += 1)
    rules[`rate_${index}`] = { kind: 'rate', when: `"tier_${index}" in tags`, factor: '0.99' };
  for (let index = 0; index < 20; index += 1)
    rules[`fee_${index}`] = {
      kind: 'fee',
      when: `"club_${index}" in tags || (hour > 23 && amount > ${index}.5)`,
      fee: { rate: '0.01', on: 'source' },
    };
  return rules;
}

/**
 * A limit on each member's day and one on the whole network's day: their cost in the ledger,
 * besides their evaluation.
 */
const limits: Rules = {
  limit_member: {
    kind: 'limit',
    limit: { maximum: '1000000000', measure: 'points', per: 'day', of: 'member' },
  },
  limit_network: {
    kind: 'limit',
    limit: { maximum: '100000000000', measure: 'value', per: 'day', of: 'network' },
  },
};

/** Puts each set of rules in force and measures it. */
export async function measureRules(
  network: Network,
  seconds: number,
  rounds: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  const { members, convert } = network;
  const anyone = (): Promise<boolean> =>
    convert(members[Math.floor(Math.random() * members.length)] ?? members[0]!).then(
      (outcome) => outcome.ok,
    );
  const rate = async (rules: Rules): Promise<number> => {
    await amend(network, rules);
    const load = await runLoad(FULL_LOAD, seconds, anyone);
    if (load.failures > 0) throw new Error(`${load.failures} conversions failed`);
    return load.rate;
  };
  const kinds: readonly [string, Rules][] = [
    ['none', {}],
    ['200 rules', manyRules()],
    ['200 rules and two limits', { ...manyRules(), ...limits }],
  ];
  const runs = new Map<string, number[]>(kinds.map(([name]) => [name, []]));
  await rate({});
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, rules] of kinds) {
      runs.get(name)?.push(await rate(rules));
      report(`${name}: ${Math.round(runs.get(name)?.at(-1) ?? 0)} /s`);
    }
  }
  const [none = [], ruled = [], limited = []] = [...runs.values()];
  const ratios = (over: readonly number[]): number =>
    median(over.map((value, index) => value / (none[index] ?? Number.NaN)));

  await amend(network, manyRules());
  const { url, stop } = await network.serve();
  const job = {
    url,
    credentials: network.credentials,
    users: network.users,
    seconds,
    connections: CONNECTIONS,
  };
  const [quotes, balances]: [number[], number[]] = [[], []];
  const rates: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const balance = await runHttpLoad({
        ...job,
        path: '/api/points/balance',
        kind: 'balance',
        run: `balance-${round}`,
      });
      const quote = await runHttpLoad({
        ...job,
        path: '/api/points/quote',
        kind: 'quote',
        run: `quote-${round}`,
      });
      if (balance.failures + quote.failures > 0)
        throw new Error(`${balance.failures} balance reads and ${quote.failures} quotes failed`);
      report(
        `balance ${Math.round(balance.rate)} /s, p99 ${balance.p99.toFixed(1)} ms; quote ` +
          `${Math.round(quote.rate)} /s, p99 ${quote.p99.toFixed(1)} ms`,
      );
      quotes.push(quote.p99);
      balances.push(balance.p99);
      rates.push(quote.rate);
    }
  } finally {
    await stop();
  }
  return [
    { name: 'conversions without rules', value: median(none), unit: '/s', runs: none },
    {
      name: 'conversions under 200 rules',
      value: median(ruled),
      unit: '/s',
      ratio: ratios(ruled),
      against: 'without rules',
      target: '>= 0.85',
      runs: ruled,
    },
    {
      name: 'conversions under 200 rules and two limits',
      value: median(limited),
      unit: '/s',
      ratio: ratios(limited),
      against: 'without rules',
      runs: limited,
    },
    {
      name: 'quote, 64 connections, p99',
      value: median(quotes),
      unit: 'ms',
      ratio: median(quotes.map((value, index) => value / (balances[index] ?? Number.NaN))),
      against: 'p99 of a balance read',
      target: '<= 2',
      runs: quotes,
    },
    { name: 'quotes, 64 connections', value: median(rates), unit: '/s', runs: rates },
  ];
}

async function amend({ context }: Network, rules: Rules): Promise<void> {
  const { proposals } = context.valuation;
  const { document } = await proposals.latest();
  const made = await proposals.make({
    operatorId: 'maker',
    reason: 'bench',
    change: { document: { ...document, rules } },
    urgent: true,
  });
  if (!made.ok && made.problem.code !== 'nothing_changes') throw new Error(made.problem.detail);
  if (made.ok)
    await proposals.approve({ proposalId: made.value.proposalId, operatorId: 'checker' });
  await activateDue(context);
}
