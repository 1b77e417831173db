// `script/bench`: measures the program against its yardsticks in one run on one server, and prints
// a table or JSON.

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

const HELP = `script/bench: measures this machine

  --quick        one short round instead of three of 15 s each; under 90 s, for a first look
  --rounds N     rounds; each figure is the median of them (default 3)
  --seconds S    length of each measurement (default 15)
  --members N    members with points (default 100000)
  --rules        instead of all that: what 200 rules cost, and a quote against a balance read
  --growth N     instead of all that: the rate with N transactions in the tables against the rate with none
  --backtest N   instead of all that: how fast N conversions are replayed under another rulebook
  --sagas N      instead of all that: N transfers over two connected platforms until the queue is drained, also with faults
  --reconcile N  instead of all that: how fast N lines of a platform's statement are read and compared
  --window N     instead of all that: closing a settlement window over N transactions while everything is posted on
  --validate N   instead of all that: a rulebook of N platforms checked while others are served, and one of a megabyte
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

/** What is measured instead of everything, by the option that asks for it. */
function single(
  network: Network,
  seconds: number,
  rounds: number,
): readonly (readonly [asked: string | boolean | undefined, measure: () => Promise<Figure[]>])[] {
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
  report('starting a network on an embedded PostgreSQL of its own ...');
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
      ([asked]) => asked !== undefined && asked !== false,
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
