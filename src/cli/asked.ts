// Reports an act that takes two persons: the request that was made, and how another operator
// approves it.

import type { ActArguments, Asked, NewActRequest } from '../acts/acts.ts';
import { valueOf, type CommandContext, type CommandRoots } from './command-roots.ts';
import { fieldLines, printable } from './table.ts';
import { tellAs, type TellFlags, type Told } from './tell.ts';

/** The request and how another operator approves it, or the result if one person was enough. */
export async function askedOf(
  asked: Asked,
  doneOf = (done: ActArguments): Told => ({ json: done, lines: fieldLines(Object.entries(done)) }),
): Promise<Told> {
  if ('done' in asked) return doneOf({ ...asked.done.outcome, ...asked.done.secrets });
  const { describeActRequest } = await import('../views/act-request.ts');
  const view = describeActRequest(asked.request);
  return {
    json: view,
    lines: [
      `request ${view.request_id} is open: ${printable(view.words)}`,
      `Another operator looks at it with: pontis requests show ${view.request_id}`,
      `and approves it with:              pontis requests approve ${view.request_id}`,
    ],
  };
}

/** Makes a request for an act that always takes two, as the operator who gives the command. */
export async function askFor<Context extends CommandContext>(
  act: Omit<NewActRequest, 'operatorId'>,
  flags: TellFlags,
  roots: CommandRoots<Context>,
): Promise<void> {
  await tellAs(flags, roots, async ({ acts }, operatorId) =>
    askedOf(valueOf(await acts.ask({ ...act, operatorId }))),
  );
}
