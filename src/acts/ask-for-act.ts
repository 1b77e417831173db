// Asks another operator for an act, or does it where one person is enough. Before this: the API or
// the CLI. After this: `approve-request.ts`.

import { randomUUID } from 'node:crypto';
import { assert } from '../kernel/assert.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { DAY_MS } from '../kernel/time.ts';
import { dbTransaction } from '../runtime/database.ts';
import { performers } from './performers.ts';
import { actProblems } from './problems.ts';
import { insertRequest, type StoredRequest } from './store.ts';
import { ACTS } from './table.ts';
import type { ActParts, Asked, NewActRequest, Performed, Performer } from './types.ts';
import { announce, shown } from './change-request.ts';
import { contextOf, describeAct, digest } from './describe-act.ts';

/** How long a request waits for its approval. */
const LIFETIME_MS = 7 * DAY_MS;

export async function askForAct(parts: ActParts, request: NewActRequest): Promise<Result<Asked>> {
  const { act, arguments: given, operatorId, reason } = request;
  const performer: Performer = performers[act];
  assert(
    performer.arguments.every((name) => given[name] !== undefined),
    `${act} is asked with all its arguments`,
  );
  if (ACTS[act].persons === 'two_once_there_are_two') {
    const alone = await bootstrap(parts, request);
    if (alone !== undefined) return alone.ok ? ok({ done: alone.value }) : alone;
  }
  if (operatorId === undefined) return refuse(actProblems.second_person_needed());
  const secrets = Object.fromEntries(
    Object.entries(given).filter(([name]) => performer.sealed?.includes(name)),
  );
  const visible = {
    ...given,
    ...Object.fromEntries(
      Object.entries(secrets).map(([name, secret]) => [
        name,
        `sha256:${digest(secret).slice(0, 16)}`,
      ]),
    ),
  };
  const described = await describeAct(parts, act, visible, given);
  if (!described.ok) return described;
  const requestId = randomUUID();
  const made: StoredRequest = {
    requestId,
    act,
    arguments: visible,
    ...described.value,
    reason,
    state: 'open',
    madeBy: operatorId,
    madeAt: new Date(parts.clock.now()),
    expiresAt: new Date(parts.clock.now() + LIFETIME_MS),
    sealed:
      Object.keys(secrets).length === 0
        ? null
        : parts.sealer.seal(JSON.stringify(secrets), contextOf(requestId)),
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    endedAt: null,
    outcome: null,
    failedWith: null,
  };
  await dbTransaction(parts.pool, async (client) => {
    await insertRequest(client, made);
    await announce(client, parts, made);
  });
  return ok({ request: shown(made) });
}

/**
 * By one person, while a network has fewer than two operators. No other operator is added
 * meanwhile.
 */
async function bootstrap(
  parts: ActParts,
  { act, arguments: given, operatorId, reason }: NewActRequest,
): Promise<Result<Performed> | undefined> {
  return dbTransaction(parts.pool, async (client) => {
    if ((await parts.identity.countOperators(client)) >= 2) return undefined;
    const described = await performers[act].describe(given, parts);
    if (!described.ok) return described;
    return performers[act].perform(
      given,
      { askedBy: operatorId ?? null, approvedBy: null, requestId: null, reason, again: false },
      parts,
      client,
    );
  });
}
