// `pontis sandbox`: shows and sets the faults of the sandbox platform that runs beside the network.

import type { Command } from 'commander';

import { parseConfig } from '../runtime/config.ts';
import { messageOf, OperatorError } from '../runtime/operator-error.ts';
import type { FaultPanel } from '../demo/demo.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  type CommandRoots,
  type DataOption,
} from './command-roots.ts';
import { printable, tableLines } from './table.ts';

interface Flags extends DataOption {
  readonly json?: true;
  readonly set?: readonly string[];
  readonly clear?: true;
}

type Faults = Readonly<Record<string, unknown>>;

const HELP = `
Without --set and --clear it shows the faults. sandbox/README.md explains each:
  latency_ms=200 error_500=0.1 reset_before_apply=0.1 reset_after_apply=0.1 error_after_apply=0.1
  duplicate_delivery=0.1 wrong_total=5 down=true seed=7
A restart of the sandbox ends them.
${exitCodesHelp({
  65: 'there is no such fault, or it cannot have that value',
  69: 'no sandbox runs in this data folder',
})}`;
const PATIENCE_MS = 10_000;

export function registerSandbox(
  program: Command,
  roots: Pick<CommandRoots, 'environment' | 'print'>,
): void {
  program
    .command('sandbox')
    .description('test the network with a connected platform that fails on purpose')
    .command('faults')
    .description('show or set the faults of the sandbox of a running network')
    .option('--set <name=value...>', 'faults to set; the others stay')
    .option('--clear', 'end all faults first')
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const { findFaultPanel } = await import('../demo/demo.ts');
      const panel = findFaultPanel(parseConfig({ dataDir: flags.data }, roots.environment).dataDir);
      if (panel === undefined)
        throw new OperatorError(
          'unavailable',
          'No sandbox runs in this data folder. It is started with the demo network: pontis start',
        );
      const wanted = flags.set?.map(readFault) ?? [];
      const now = flags.clear ? {} : await call(panel, 'GET');
      const faults =
        flags.clear || wanted.length > 0
          ? await call(panel, 'PUT', { ...now, ...Object.fromEntries(wanted) })
          : now;
      if (flags.json) roots.print(JSON.stringify({ faults }));
      else
        for (const line of tableLines([
          ['fault', 'value'],
          ...Object.entries(faults).map(([name, value]) => [name, printable(String(value))]),
        ]))
          roots.print(line);
    });
}

function readFault(text: string): readonly [name: string, value: string] {
  const [name = '', value] = text.split('=', 2);
  if (name === '' || value === undefined)
    throw new OperatorError('usage', `--set ${text} is not name=value.`);
  return [name, value];
}

/** Calls the fault panel, which answers even while the sandbox is `down`. */
async function call(panel: FaultPanel, method: 'GET' | 'PUT', faults?: Faults): Promise<Faults> {
  let answer: Response;
  try {
    answer = await fetch(panel.url, {
      method,
      headers: { authorization: `Bearer ${panel.admin_token}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(faults === undefined ? {} : { body: JSON.stringify(faults) }),
    });
  } catch (error) {
    throw new OperatorError(
      'unavailable',
      `The sandbox does not answer at ${panel.url} (${messageOf(error)}). It runs together with ` +
        'the network: pontis start',
      { cause: error },
    );
  }
  const body = (await answer.json().catch(() => ({}))) as Faults;
  if (answer.status !== 200)
    throw new OperatorError(
      'badInput',
      `The sandbox refuses: ${printable(String(body['error'] ?? answer.status))}`,
    );
  return body;
}
