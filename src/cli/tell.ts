// Prints the result of a command: the JSON that the API answers for the same noun, or lines for
// people, both made from one view.

import type { OperatorId } from '../kernel/ids.ts';
import {
  actingOperator,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
  type DataOption,
} from './command-roots.ts';

export interface TellFlags extends DataOption, AsTokenOption {
  readonly json?: true;
}

export interface Told {
  readonly json: object;
  readonly lines: readonly string[];
}

export function print(
  { json, lines }: Told,
  flags: Pick<TellFlags, 'json'>,
  roots: Pick<CommandRoots, 'print'>,
): void {
  if (flags.json) roots.print(JSON.stringify(json));
  else for (const line of lines) roots.print(line);
}

/** Opens the network, and prints the result of `work`. */
export async function tell<Context extends CommandContext>(
  flags: TellFlags,
  roots: CommandRoots<Context>,
  work: (context: Context) => Promise<Told>,
): Promise<void> {
  print(await withContext(flags, roots, false, work), flags, roots);
}

/** The same for a command that records which operator gave it. */
export async function tellAs<Context extends CommandContext>(
  flags: TellFlags,
  roots: CommandRoots<Context>,
  work: (context: Context, operatorId: OperatorId) => Promise<Told>,
): Promise<void> {
  await tell(flags, roots, async (context) =>
    work(context, (await actingOperator(flags, roots, context)).operatorId),
  );
}
