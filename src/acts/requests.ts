// The requests with which one operator asks another for an act: asked for, approved or declined,
// done.

import { ok, refuse, type Result } from '../kernel/problem.ts';
import { dbTransaction } from '../runtime/database.ts';
import { actProblems } from './problems.ts';
import { selectExpired, selectRequest, selectRequests, selectUnderWay } from './store.ts';
import type {
  ActDecision,
  ActParts,
  ActRequest,
  ActRequestNow,
  ActRequestState,
  Asked,
  NewActRequest,
} from './types.ts';
import { approveRequest, goOn, type Approved } from './approve-request.ts';
import { askForAct } from './ask-for-act.ts';
import { changeAndAnnounce, declineRequest, REQUEST_ID, shown } from './change-request.ts';
import { describeAct, givenOf } from './describe-act.ts';

export interface Acts {
  /**
   * Asks another operator for an act, or does it where one person is enough: the first operators of
   * a network have nobody to ask.
   */
  ask(request: NewActRequest): Promise<Result<Asked>>;
  /**
   * Done when this returns, unless its state is still `approved`: then it is done within seconds.
   */
  approve(decision: ActDecision): Promise<Result<Approved>>;
  reject(decision: ActDecision): Promise<Result<ActRequest>>;
  /** By its maker, while it is open. */
  withdraw(decision: ActDecision): Promise<Result<ActRequest>>;
  find(requestId: string): Promise<Result<ActRequestNow>>;
  /** Newest first. */
  list(state: ActRequestState | undefined, limit: number): Promise<readonly ActRequest[]>;
  /**
   * Resumes what a crash has left, and ends what nobody approved in time. Several processes may run
   * it.
   */
  follow(): Promise<void>;
}

/** After this time any process may carry out an approval that was left behind. */
const LEFT_BEHIND_MS = 5_000;

export function createActs(parts: ActParts): Acts {
  const { pool } = parts;
  /** The end of the last approval that has come. */
  let turns = Promise.resolve();

  /**
   * Approvals take turns in this process: each sees the results of the one before it, and however
   * many come at once, connections of the pool are left for their look-ups.
   */
  function approve(decision: ActDecision): ReturnType<Acts['approve']> {
    const before = turns;
    const { promise, resolve } = Promise.withResolvers<void>();
    turns = promise;
    return before.then(() => approveRequest(parts, decision)).finally(() => resolve());
  }

  return {
    ask: (request) => askForAct(parts, request),
    approve,
    reject: (decision) => declineRequest(parts, decision, 'rejected'),
    withdraw: (decision) => declineRequest(parts, decision, 'withdrawn'),
    list: async (state, limit) => (await selectRequests(pool, state, limit)).map(shown),
    find: (requestId) => findRequest(parts, requestId),
    follow: () => follow(parts),
  };
}

async function findRequest(parts: ActParts, requestId: string): Promise<Result<ActRequestNow>> {
  const request = REQUEST_ID.test(requestId)
    ? await selectRequest(parts.pool, requestId)
    : undefined;
  if (request === undefined) return refuse(actProblems.request_not_found());
  const nothing = { now: undefined, fingerprintNow: undefined, obstacle: undefined };
  if (request.state !== 'open') return ok({ ...shown(request), ...nothing });
  const described = await describeAct(
    parts,
    request.act,
    request.arguments,
    givenOf(parts.sealer, request),
  );
  if (!described.ok)
    return ok({
      ...shown(request),
      ...nothing,
      obstacle: `${described.problem.error}. ${described.problem.detail}`,
    });
  return ok({
    ...shown(request),
    now: described.value.circumstances,
    fingerprintNow: described.value.fingerprint,
    obstacle: undefined,
  });
}

async function follow(parts: ActParts): Promise<void> {
  const { pool, clock } = parts;
  for (const requestId of await selectUnderWay(pool, new Date(clock.now() - LEFT_BEHIND_MS)))
    await goOn(parts, requestId, true);
  for (const requestId of await selectExpired(pool, new Date(clock.now()))) {
    await dbTransaction(pool, async (client) => {
      const request = await selectRequest(client, requestId, true);
      if (request?.state === 'open')
        await changeAndAnnounce(client, parts, request, {
          state: 'expired',
          endedAt: new Date(clock.now()),
        });
    });
  }
}
