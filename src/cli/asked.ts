// What commands say of an act that takes two persons: that it was asked for, and what is left to
// do.

import type { ActRequest, Asked, NewActRequest, Performed } from '../acts/acts.ts';
import {
  actingOperator,
  valueOf,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
  type DataOption,
} from './command-roots.ts';
import { printable } from './table.ts';

export type RequestRow = Readonly<Record<string, string | null>>;

export function requestRow(request: ActRequest): RequestRow {
  return {
    request_id: request.requestId,
    act: request.act,
    state: request.state,
    words: request.words,
    made_by: request.madeBy,
    made_at: request.madeAt.toISOString(),
    expires_at: request.expiresAt.toISOString(),
    decided_by: request.decidedBy,
    decided_at: request.decidedAt?.toISOString() ?? null,
    failed_with: request.failedWith,
    reason: request.reason,
    fingerprint: request.fingerprint,
  };
}

/** Tells that it was asked for; gives what one person has done, to be told by the command. */
export function doneOrAsked(
  asked: Asked,
  flags: { readonly json?: true },
  roots: Pick<CommandRoots, 'print'>,
): Performed | undefined {
  if ('done' in asked) return asked.done;
  const { request } = asked;
  if (flags.json) roots.print(JSON.stringify(requestRow(request)));
  else {
    roots.print(`request ${request.requestId} is open: ${printable(request.words)}`);
    roots.print(`Another operator looks at it with: pontis requests show ${request.requestId}`);
    roots.print(`and approves it with:              pontis requests approve ${request.requestId}`);
  }
  return undefined;
}

/** Asks, as whoever gives the command, for an act that always takes two. */
export async function askFor<Context extends CommandContext>(
  act: Omit<NewActRequest, 'operatorId'>,
  flags: DataOption & AsTokenOption & { readonly json?: true },
  roots: CommandRoots<Context>,
): Promise<void> {
  const asked = await withContext(flags, roots, false, async (context) => {
    const { operatorId } = await actingOperator(flags, roots, context);
    return valueOf(await context.acts.ask({ ...act, operatorId }));
  });
  doneOrAsked(asked, flags, roots);
}
