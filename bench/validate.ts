// Measures the check of a large rulebook that an operator sends: how long it takes, and how long
// other callers of the same process wait.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { activateDue } from '../src/network/network.ts';
import type { PlatformId } from '../src/kernel/ids.ts';
import { addPlatform } from '../src/network/network.ts';
import type { RulebookDocument } from '../src/valuation/valuation.ts';
import type { Figure } from './figures.ts';
import { median } from './load.ts';
import type { Network } from './network.ts';

const RUNS = 5;
/** Delays shorter than this cannot be told apart. */
const RESOLUTION_MS = 1;

function feeOf(side: 'source' | 'target', name: string, index: number) {
  return [
    `fee_${side}_${name}`,
    {
      kind: 'fee' as const,
      when: `${side} == "${name}"`,
      fee: { rate: `0.01${(index % 90) + 10}`, on: side },
    },
  ] as const;
}

/** A fee for each source and each target, so no two pairs of platforms have the same rate. */
function matrixOf(names: readonly string[], document: RulebookDocument): RulebookDocument {
  return {
    ...document,
    settings: { ...document.settings, fees: 'all' },
    rules: Object.fromEntries(
      names.flatMap((name, index) => [feeOf('source', name, index), feeOf('target', name, index)]),
    ),
  };
}

/** A thousand rules of one kilobyte each. */
function longRules(document: RulebookDocument): RulebookDocument {
  const rules = Array.from(
    { length: 1_000 },
    (_, index) =>
      [
        `rule_${index}`,
        {
          kind: 'fee' as const,
          description: 'x'.repeat(250),
          fee: { rate: '0.01', on: 'source' as const },
          when: Array.from(
            { length: 14 },
            (_part, part) => `amount > ${index * 20 + part}.0 && category == "c${part}_${index}"`,
          ).join(' || '),
        },
      ] as const,
  );
  return { ...document, rules: Object.fromEntries(rules) };
}

interface Measured {
  readonly ms: number;
  readonly longestDelayMs: number;
}

async function measured(work: () => Promise<void>): Promise<Measured> {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  // The start of the monitor's own timer is not counted.
  await sleep(20);
  delays.reset();
  const from = performance.now();
  await work();
  const ms = performance.now() - from;
  await sleep(5);
  delays.disable();
  return { ms, longestDelayMs: delays.max / 1e6 };
}

function figuresOf(name: string, runs: readonly Measured[]): Figure[] {
  const [times, delays] = [
    runs.map(({ ms }) => ms / 1_000),
    runs.map(({ longestDelayMs }) => longestDelayMs),
  ];
  return [
    { name, value: median(times), unit: 's', target: '<= 2', runs: times },
    {
      name: `${name}: longest delay of the event loop`,
      value: Math.max(...delays),
      unit: 'ms',
      target: '<= 50',
      runs: delays,
    },
  ];
}

/** Checks, proposes and activates large rulebooks. */
export async function measureValidate(
  { context, serve }: Network,
  platforms: number,
  report: (line: string) => void,
): Promise<Figure[]> {
  const names = Array.from(
    { length: platforms },
    (_, index) => `member_${String(index).padStart(4, '0')}`,
  );
  for (const [index, name] of names.entries()) {
    const added = await addPlatform(context, {
      platformId: name as PlatformId,
      name,
      custody: 'hosted',
      multiplier: `1.${String(index * 7 + 1).padStart(6, '0')}`,
    });
    if (!added.ok) throw new Error(added.problem.detail);
  }
  report(`${platforms} platforms have joined`);
  const operator = await context.identity.addOperator('bench');
  if (!operator.ok) throw new Error(operator.problem.detail);
  const { url, stop } = await serve();
  const { document } = context.valuation.rulebook();
  // The delays of a timer on this machine without any work.
  const idle: Measured[] = [];
  for (let run = 0; run < RUNS; run += 1) idle.push(await measured(() => sleep(1_500)));
  const delays = idle.map(({ longestDelayMs }) => longestDelayMs);
  const figures: Figure[] = [
    {
      name: 'longest delay of the event loop, idle',
      value: Math.max(...delays),
      unit: 'ms',
      runs: delays,
    },
  ];
  const large = {
    [`${platforms} platforms, a fee for each source and target`]: matrixOf(names, document),
    'a thousand rules, a megabyte': longRules(document),
  };
  for (const [name, wanted] of Object.entries(large)) {
    const body = JSON.stringify({ document: wanted });
    const runs: Measured[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      runs.push(
        await measured(async () => {
          const answer = await fetch(`${url}/operator/rulebook/validate`, {
            method: 'POST',
            body,
            headers: {
              authorization: `Bearer ${operator.value.token}`,
              'content-type': 'application/json',
            },
          });
          const { length } = await answer.text();
          if (answer.status !== 200)
            throw new Error(`validate answered ${answer.status}, ${length} characters`);
        }),
      );
      report(
        `${name}, ${body.length} bytes: ${runs.at(-1)!.ms.toFixed(0)} ms, delay ` +
          `${runs.at(-1)!.longestDelayMs.toFixed(1)} ms`,
      );
    }
    figures.push(...figuresOf(`validate ${name}`, runs));
    const { proposals } = context.valuation;
    const inForce = await measured(async () => {
      const made = await proposals.make({
        operatorId: 'maker',
        reason: 'bench',
        change: { document: wanted },
        urgent: true,
      });
      const approved = made.ok
        ? await proposals.approve({ proposalId: made.value.proposalId, operatorId: 'checker' })
        : made;
      if (!approved.ok) throw new Error(approved.problem.detail);
      await activateDue(context);
    });
    figures.push({
      name: `proposed, approved and put in force: longest delay (${name})`,
      value: inForce.longestDelayMs,
      unit: 'ms',
      target: '<= 50',
      runs: [inForce.longestDelayMs],
    });
  }
  await stop();
  return figures;
}
