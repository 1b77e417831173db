// `script/bench`: measures the program and its yardsticks in one run on one server, and prints a
// table or JSON.

import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureBacktest } from './backtest.ts';
import { figuresOf, measureRound, type Figure, type Round } from './figures.ts';
import { measureGrowth } from './growth.ts';
import { startNetwork, type Network } from './network.ts';
import { measureReconcile } from './reconcile.ts';
import { measureRules } from './rules.ts';
import { measureSagas } from './sagas.ts';
import { measureValidate } from './validate.ts';
import { measureWindow } from './window.ts';
import { createPgBench } from './yardsticks.ts';

const HELP = `script/bench: measures this machine. "instead" means instead of the usual figures.

  --quick        one short round instead of three of 15 s each; under 90 s, for a first look
  --rounds N     rounds; each figure is the median of them (default 3)
  --seconds S    length of each measurement (default 15)
  --members N    members with points (default 100000)
  --rules        instead: the cost of 200 rules, and of a quote compared with a balance read
  --growth N     instead: the rate with N transactions in the tables compared with empty tables
  --backtest N   instead: how fast N conversions are evaluated under another rulebook
  --sagas N      instead: N transfers over two connected platforms, without and with faults
  --reconcile N  instead: how fast N lines of a platform's statement are read and compared
  --window N     instead: closing a settlement window over N transactions while posting continues
  --validate N   instead: checking a rulebook of N platforms, and one of a megabyte
  --json         {machine, results:[{name, value, unit, ratio, against, target, runs}]} on standard output
`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    members: { type: 'string' },
    growth: { type: 'string' },
    rules: { type: 'boolean', default: false },
    backtest: { type: 'string' },
    sagas: { type: 'string' },
    reconcile: { type: 'string' },
    window: { type: 'string' },
    validate: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
};

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(figures: readonly Figure[]): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine, results: figures }, null, 2)}\n`);
    return;
  }
  const rows = figures.map((figure) => [
    figure.name,
    `${shorten(figure.value)} ${figure.unit}`,
    figure.ratio === undefined ? '' : shorten(figure.ratio),
    figure.against ?? '',
    figure.target ?? '',
    figure.runs.map(shorten).join(' '),
  ]);
  const head = ['figure', 'value', 'ratio', 'against', 'target', 'runs'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, ` +
      `Node ${machine.node}\n\n`,
  );
  for (const row of [head, widths.map((width) => '-'.repeat(width)), ...rows]) {
    process.stdout.write(
      `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`,
    );
  }
}

function shorten(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
}

/** The measurements that an option asks for instead of the whole benchmark. */
function single(
  network: Network,
  seconds: number,
  rounds: number,
): readonly (readonly [option: string | boolean | undefined, measure: () => Promise<Figure[]>])[] {
  const { growth, rules, backtest, sagas, reconcile, window, validate } = options;
  return [
    [growth, () => measureGrowth(network, Number(growth), seconds, report)],
    [rules, () => measureRules(network, seconds, rounds, report)],
    [backtest, () => measureBacktest(network, Number(backtest), report)],
    [sagas, () => measureSagas(network, Number(sagas), rounds, report)],
    [reconcile, () => measureReconcile(network, Number(reconcile), report)],
    [window, () => measureWindow(network, Number(window), seconds, report)],
    [validate, () => measureValidate(network, Number(validate), report)],
  ];
}

async function main(): Promise<void> {
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const seconds = Number(options.seconds ?? (options.quick ? 3 : 15));
  const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
  report('starting a network on its own embedded PostgreSQL ...');
  const network = await startNetwork(
    Number(
      options.members ??
        ((options.reconcile ?? options.validate) !== undefined
          ? 10
          : options.quick
            ? 50_000
            : 100_000),
    ),
  );
  try {
    const measure = single(network, seconds, rounds).find(
      ([option]) => option !== undefined && option !== false,
    )?.[1];
    if (measure !== undefined) {
      print(await measure());
      return;
    }
    report('filling the yardstick database ...');
    const pgbench = await createPgBench(network.context.pool, network.context.databaseUrl);
    const measured: Round[] = [];
    for (let index = 0; index < rounds; index += 1) {
      report(`round ${index + 1} of ${rounds} ...`);
      const round = await measureRound({ network, pgbench, seconds, round: index });
      report(
        Object.entries(round)
          .map(([name, value]) => `${name} ${shorten(value)}`)
          .join(', '),
      );
      measured.push(round);
    }
    print(figuresOf(measured));
  } finally {
    await network.stop();
  }
}

await main();
