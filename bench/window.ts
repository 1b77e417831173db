// Measures closing a settlement window over many transactions while posting continues: how long it
// takes, and whether posting becomes slower.

import type { Figure } from './figures.ts';
import { median, pause, runLoad } from './load.ts';
import type { Network } from './network.ts';

const FULL_LOAD = 4_000;
/** Callers that post while a window is closed: enough to show a gap of one millisecond. */
const CALLERS = 64;
const CLOSES = 15;

/** What callers saw within a period. */
interface Seen {
  /** The longest time without any answer. */
  readonly gapMs: number;
  /** The longest wait of a caller whose answer came in the period. */
  readonly slowestMs: number;
  readonly rate: number;
}

/** Fills the tables up to `transactions`, then closes windows. */
export async function measureWindow(
  network: Network,
  transactions: number,
  seconds: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  const { members, convert, context } = network;
  const { settlement, pool } = context;
  const anyone = (): Promise<boolean> =>
    convert(members[Math.floor(Math.random() * members.length)] ?? members[0]!).then(
      (outcome) => outcome.ok,
    );
  const count = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: bigint }>(
      'select sum(sequence)::bigint as count from ledger.bucket',
    );
    return Number(rows[0]?.count ?? 0n);
  };
  for (let have = await count(); have < transactions + members.length; have = await count()) {
    await runLoad(
      FULL_LOAD,
      Math.min(30, Math.max(1, (transactions + members.length - have) / 20_000)),
      anyone,
    );
    report(`filled to ${await count()}`);
  }
  const close = async (): Promise<void> => {
    const closed = await settlement.close({ closedBy: 'bench' });
    if (!closed.ok) throw new Error(closed.problem.detail);
  };
  const took: number[] = [];
  const beside: Seen[] = [];
  const before: Seen[] = [];
  const callers = startCallers(anyone);
  await pause(2);
  for (let round = 0; round < CLOSES; round += 1) {
    await reopen(pool);
    await pause(seconds / 5);
    const from = performance.now();
    await close();
    const until = performance.now();
    took.push(until - from);
    await pause(0.1);
    // A period of the same length directly before it, under the same conditions.
    beside.push(callers.seen(from, until));
    before.push(callers.seen(2 * from - until, from));
  }
  const counted = performance.now();
  await settlement.count();
  const countedUntil = performance.now();
  await pause(seconds);
  const quiet = callers.seen(countedUntil, countedUntil + seconds * 1000);
  const whileCounting = callers.seen(counted, countedUntil);
  await callers.stop();
  await reopen(pool);
  await close();
  const alone = await timed(() => settlement.count());
  const found = await settlement.find(1);
  if (!found.ok || found.value.window.mismatch !== null)
    throw new Error('the window does not add up');
  const conversions = found.value.pairs.reduce((sum, pair) => sum + Number(pair.transactions), 0);
  const gaps = (seen: readonly Seen[]): string =>
    `${median(seen.map(({ gapMs }) => gapMs)).toFixed(1)} ms`;
  report(
    `${CLOSES} closes over up to ${conversions} conversions; longest gap between answers ` +
      `${gaps(beside)} beside a close, ${gaps(before)} just before it`,
  );
  const compare = (
    name: string,
    of: (seen: Seen) => number,
    unit: string,
    target?: string,
  ): Figure => ({
    name,
    value: median(beside.map(of)),
    unit,
    ratio: median(beside.map(of)) / median(before.map(of)),
    against: 'the same time just before',
    ...(target === undefined ? {} : { target }),
    runs: beside.map(of),
  });
  return [
    {
      name: `closing a window of ${conversions} conversions, beside posting`,
      value: median(took) / 1000,
      unit: 's',
      target: '<= 5',
      runs: took.map((each) => each / 1000),
    },
    compare(
      'longest gap between answers while it is closed',
      ({ gapMs }) => gapMs,
      'ms',
      '<= 50 more',
    ),
    compare('slowest posting while it is closed', ({ slowestMs }) => slowestMs, 'ms', '<= 50 more'),
    compare('postings while it is closed', ({ rate }) => rate, '/s'),
    {
      name: 'counting its pairs, beside posting',
      value: (countedUntil - counted) / 1000,
      unit: 's',
      ratio: (countedUntil - counted) / alone,
      against: 'the same without posting',
      runs: [(countedUntil - counted) / 1000],
    },
    {
      name: 'postings while its pairs are counted',
      value: whileCounting.rate,
      unit: '/s',
      ratio: whileCounting.rate / quiet.rate,
      against: 'the same afterwards',
      runs: [whileCounting.rate],
    },
  ];
}

/** Callers that post without a pause until they are stopped, with a record of what they saw. */
function startCallers(ask: () => Promise<boolean>): {
  seen(from: number, until: number): Seen;
  stop(): Promise<void>;
} {
  const answers: { readonly at: number; readonly waited: number }[] = [];
  const phase = { ended: false };
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!phase.ended) {
      const from = performance.now();
      await ask();
      const at = performance.now();
      answers.push({ at, waited: at - from });
    }
  });
  return {
    seen(from, until) {
      // From the last answer before the period to the first one after it, so a gap that reaches
      // over an end counts too.
      const first = Math.max(0, answers.findIndex(({ at }) => at >= from) - 1);
      const end = answers.findIndex(({ at }) => at > until);
      const there = answers.slice(first, end < 0 ? answers.length : end + 1);
      return {
        gapMs: there.reduce(
          (longest, { at }, index) => Math.max(longest, at - (there[index - 1]?.at ?? at)),
          0,
        ),
        slowestMs: there.reduce((slowest, { waited }) => Math.max(slowest, waited), 0),
        rate: (Math.max(0, there.length - 2) / (until - from)) * 1000,
      };
    },
    async stop() {
      phase.ended = true;
      await Promise.all(callers);
    },
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Moves all windows back into one, so that the same journal can be closed again. */
async function reopen(pool: Network['context']['pool']): Promise<void> {
  await pool.query(
    'truncate clearing.settlement_window, clearing.window_cut, clearing.window_net, ' +
      'clearing.window_pair, clearing.window_carve_out, clearing.obligation',
  );
  await pool.query(
    `insert into clearing.settlement_window (window_id, state, opened_at) values (1, 'open', now())`,
  );
}
