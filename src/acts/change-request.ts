// A request and its states: each change is reported to operators in the feed, in the same commit.

import { ok, refuse, type Result } from '../kernel/problem.ts';
import { dbTransaction, type DbClient } from '../runtime/database.ts';
import { appendEvents } from '../events/events.ts';
import { actProblems } from './problems.ts';
import { changeRequest, selectRequest, type StoredRequest } from './store.ts';
import type { ActDecision, ActParts, ActRequest } from './types.ts';

export const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reports the state of a request to operators in the feed. */
export async function announce(
  client: DbClient,
  { clock }: Pick<ActParts, 'clock'>,
  request: ActRequest,
): Promise<void> {
  const { requestId, act, words, state, madeBy, decidedBy, failedWith } = request;
  const type = `request.${state === 'open' ? 'made' : state}`;
  await appendEvents(
    client,
    [
      {
        type,
        platformId: null,
        data: {
          request_id: requestId,
          act,
          words,
          made_by: madeBy,
          decided_by: decidedBy,
          failed_with: failedWith,
        },
      },
    ],
    clock.now(),
  );
}

export async function changeAndAnnounce(
  client: DbClient,
  parts: Pick<ActParts, 'clock'>,
  request: StoredRequest,
  what: Partial<ActRequest> & Pick<ActRequest, 'state'>,
): Promise<StoredRequest> {
  const changed = { ...request, ...what };
  await changeRequest(client, changed);
  await announce(client, parts, changed);
  return changed;
}

/** The request, locked to the end of the dbTransaction, while it can still be decided. */
export async function lockOpen(
  client: DbClient,
  { clock }: Pick<ActParts, 'clock'>,
  requestId: string,
): Promise<Result<StoredRequest>> {
  const request = REQUEST_ID.test(requestId)
    ? await selectRequest(client, requestId, true)
    : undefined;
  if (request === undefined) return refuse(actProblems.request_not_found());
  if (request.state !== 'open')
    return refuse(actProblems.request_decided(`It is ${request.state}.`));
  return request.expiresAt.getTime() <= clock.now()
    ? refuse(actProblems.request_expired())
    : ok(request);
}

/** Ends an open request without doing it: its maker withdraws it, another operator rejects it. */
export function declineRequest(
  parts: Pick<ActParts, 'pool' | 'clock'>,
  decision: ActDecision,
  state: 'rejected' | 'withdrawn',
): Promise<Result<ActRequest>> {
  return dbTransaction(parts.pool, async (client) => {
    const request = await lockOpen(client, parts, decision.requestId);
    if (!request.ok) return request;
    const isOwn = request.value.madeBy === decision.operatorId;
    if (state === 'withdrawn' && !isOwn) return refuse(actProblems.not_the_asker());
    if (state === 'rejected' && isOwn) return refuse(actProblems.approver_is_asker());
    const decided = {
      state,
      decidedBy: decision.operatorId,
      decidedAt: new Date(parts.clock.now()),
      decisionReason: decision.reason ?? null,
      endedAt: new Date(parts.clock.now()),
    };
    return ok(shown(await changeAndAnnounce(client, parts, request.value, decided)));
  });
}

/** A request without its secrets. */
export function shown({ sealed: _sealed, ...request }: StoredRequest): ActRequest {
  return request;
}
