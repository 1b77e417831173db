// Asking for an act, approving it and doing it. Approval is one commit, doing it another, and
// whoever finds an approval that nobody carries out any more goes on with it: an act is done once,
// whatever dies between. Before this: the API or the CLI. After this: `perform-*.ts`.

import { createHash, randomUUID } from 'node:crypto';
import { assert } from '../kernel/assert.ts';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import { DAY_MS } from '../kernel/time.ts';
import { dbTransaction, type DbClient } from '../runtime/database.ts';
import { appendEvents } from '../events/events.ts';
import { performers } from './performers.ts';
import { actProblems } from './problems.ts';
import {
  changeRequest,
  insertRequest,
  selectExpired,
  selectRequest,
  selectRequests,
  selectUnderWay,
  type StoredRequest,
} from './store.ts';
import { ACTS, type RequestedAct } from './table.ts';
import type {
  ActArguments,
  ActDecision,
  ActParts,
  ActRequest,
  ActRequestNow,
  ActRequestState,
  Acting,
  Asked,
  NewActRequest,
  Performed,
  Performer,
} from './types.ts';

export interface Acts {
  /**
   * Asks another operator for an act, or does it where one person is enough: the first operators of
   * a network have nobody to ask.
   */
  ask(request: NewActRequest): Promise<Result<Asked>>;
  /** Done when this answers, unless its state is still `approved`: then it is within seconds. */
  approve(
    decision: ActDecision,
  ): Promise<Result<{ readonly request: ActRequest; readonly secrets: ActArguments }>>;
  reject(decision: ActDecision): Promise<Result<ActRequest>>;
  /** By whoever asked, while it is open. */
  withdraw(decision: ActDecision): Promise<Result<ActRequest>>;
  find(requestId: string): Promise<Result<ActRequestNow>>;
  /** Newest first. */
  list(state: ActRequestState | undefined, limit: number): Promise<readonly ActRequest[]>;
  /**
   * Goes on with what a crash has left, and ends what nobody approved in time. Several processes
   * may run it.
   */
  follow(): Promise<void>;
}

/** How long a request waits for its approval. */
const LIFETIME_MS = 7 * DAY_MS;
/** An approval that is not carried out by then is somebody else's to carry out. */
const LEFT_BEHIND_MS = 5_000;
const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NO_SECRETS: ActArguments = {};

interface Described {
  readonly words: string;
  readonly circumstances: ActArguments;
  readonly fingerprint: string;
}

export function createActs(parts: ActParts): Acts {
  const { pool, clock, log, sealer, identity } = parts;
  const now = (): Date => new Date(clock.now());
  /** The end of the last approval that has come. */
  let turns = Promise.resolve();

  async function describe(
    act: RequestedAct,
    shown: ActArguments,
    given: ActArguments,
  ): Promise<Result<Described>> {
    const described = await performers[act].describe(given, parts);
    return described.ok
      ? ok({ ...described.value, fingerprint: fingerprintOf(act, shown, described.value) })
      : described;
  }

  /** What was asked for, secrets included. */
  function givenOf({ requestId, arguments: shown, sealed }: StoredRequest): ActArguments {
    return sealed === null
      ? shown
      : { ...shown, ...(JSON.parse(sealer.open(sealed, contextOf(requestId))) as ActArguments) };
  }

  async function announce(client: DbClient, request: ActRequest): Promise<void> {
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

  async function change(
    client: DbClient,
    request: StoredRequest,
    what: Partial<ActRequest> & Pick<ActRequest, 'state'>,
  ): Promise<StoredRequest> {
    const changed = { ...request, ...what };
    await changeRequest(client, changed);
    await announce(client, changed);
    return changed;
  }

  /** The request, locked to the end of the dbTransaction, while it can still be decided. */
  async function lockOpen(client: DbClient, requestId: string): Promise<Result<StoredRequest>> {
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

  async function mayApprove(
    request: StoredRequest,
    { operatorId, fingerprint = request.fingerprint }: ActDecision,
  ): Promise<Result<undefined>> {
    if (request.madeBy === operatorId) return refuse(actProblems.approver_is_asker());
    const asker = (await identity.listOperators()).find(
      (operator) => operator.operatorId === request.madeBy,
    );
    if (asker?.state !== 'active') return refuse(actProblems.asker_suspended());
    const described = await describe(request.act, request.arguments, givenOf(request));
    if (!described.ok) return described;
    if (described.value.fingerprint === fingerprint) return ok(undefined);
    return refuse(
      actProblems.request_changed(changesIn(request.circumstances, described.value.circumstances), {
        fingerprint: described.value.fingerprint,
      }),
    );
  }

  /** Does what is approved, in the commit that says so where the act can. */
  async function carryOut(
    client: DbClient,
    request: StoredRequest,
    again: boolean,
  ): Promise<{ request: StoredRequest; secrets: ActArguments; problem?: Problem } | undefined> {
    const done = await performers[request.act].perform(
      givenOf(request),
      actingOf(request, again),
      parts,
      client,
    );
    if (done.ok) {
      const { outcome, secrets = NO_SECRETS } = done.value;
      return {
        request: await change(client, request, { state: 'done', endedAt: now(), outcome }),
        secrets,
      };
    }
    if (done.problem.retryable) return undefined;
    log.warn(
      { request_id: request.requestId, act: request.act, code: done.problem.code },
      'an approved act was refused',
    );
    return {
      request: await change(client, request, {
        state: 'failed',
        endedAt: now(),
        failedWith: done.problem.code,
      }),
      secrets: NO_SECRETS,
      problem: done.problem,
    };
  }

  /** Goes on with an approval; undefined when it is done already, or cannot be done now. */
  const goOn = (requestId: string, again: boolean): ReturnType<typeof carryOut> =>
    dbTransaction(pool, async (client) => {
      const request = await selectRequest(client, requestId, true);
      return request?.state === 'approved' ? carryOut(client, request, again) : undefined;
    });

  const decide = (
    decision: ActDecision,
    state: 'rejected' | 'withdrawn',
  ): Promise<Result<ActRequest>> =>
    dbTransaction(pool, async (client) => {
      const request = await lockOpen(client, decision.requestId);
      if (!request.ok) return request;
      const isOwn = request.value.madeBy === decision.operatorId;
      if (state === 'withdrawn' && !isOwn) return refuse(actProblems.not_the_asker());
      if (state === 'rejected' && isOwn) return refuse(actProblems.approver_is_asker());
      const decided = {
        state,
        decidedBy: decision.operatorId,
        decidedAt: now(),
        decisionReason: decision.reason ?? null,
        endedAt: now(),
      };
      return ok(shown(await change(client, request.value, decided)));
    });

  /**
   * By one person: while a network has fewer than two operators. Nobody else becomes one meanwhile.
   */
  async function bootstrap({
    act,
    arguments: given,
    operatorId,
    reason,
  }: NewActRequest): Promise<Result<Performed> | undefined> {
    return dbTransaction(pool, async (client) => {
      if ((await identity.countOperators(client)) >= 2) return undefined;
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

  async function ask(request: NewActRequest): Promise<Result<Asked>> {
    const { act, arguments: given, operatorId, reason } = request;
    const performer: Performer = performers[act];
    assert(
      performer.arguments.every((name) => given[name] !== undefined),
      `${act} is asked with all its arguments`,
    );
    if (ACTS[act].persons === 'two_once_there_are_two') {
      const alone = await bootstrap(request);
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
    const described = await describe(act, visible, given);
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
      madeAt: now(),
      expiresAt: new Date(clock.now() + LIFETIME_MS),
      sealed:
        Object.keys(secrets).length === 0
          ? null
          : sealer.seal(JSON.stringify(secrets), contextOf(requestId)),
      decidedBy: null,
      decidedAt: null,
      decisionReason: null,
      endedAt: null,
      outcome: null,
      failedWith: null,
    };
    await dbTransaction(pool, async (client) => {
      await insertRequest(client, made);
      await announce(client, made);
    });
    return ok({ request: shown(made) });
  }

  /**
   * Approvals take turns in this process: each sees what the one before it has done, and however
   * many come at once, they leave connections of the pool for what they look up.
   */
  function approve(decision: ActDecision): ReturnType<Acts['approve']> {
    const before = turns;
    const { promise, resolve } = Promise.withResolvers<void>();
    turns = promise;
    return before.then(() => approveNow(decision)).finally(() => resolve());
  }

  async function approveNow(decision: ActDecision): ReturnType<Acts['approve']> {
    const approved = await dbTransaction(
      pool,
      async (
        client,
      ): Promise<Result<{ request: StoredRequest; secrets: ActArguments; problem?: Problem }>> => {
        const request = await lockOpen(client, decision.requestId);
        if (!request.ok) return request;
        const may = await mayApprove(request.value, decision);
        if (!may.ok) return may;
        const changed = await change(client, request.value, {
          state: 'approved',
          decidedBy: decision.operatorId,
          decidedAt: now(),
          decisionReason: decision.reason ?? null,
        });
        const performer: Performer = performers[changed.act];
        return ok(
          (performer.inCommit ? await carryOut(client, changed, false) : undefined) ?? {
            request: changed,
            secrets: NO_SECRETS,
          },
        );
      },
    );
    if (!approved.ok) return approved;
    let { value: done } = approved;
    if (done.request.state === 'approved') {
      try {
        done = (await goOn(decision.requestId, false)) ?? done;
      } catch (error) {
        // It is approved, whatever happens now; the loop goes on with it.
        log.error(
          { err: error, request_id: decision.requestId },
          'an approved act is not done yet',
        );
      }
    }
    return done.problem === undefined
      ? ok({ request: shown(done.request), secrets: done.secrets })
      : refuse(done.problem);
  }

  return {
    ask,
    approve,
    reject: (decision) => decide(decision, 'rejected'),
    withdraw: (decision) => decide(decision, 'withdrawn'),
    list: async (state, limit) => (await selectRequests(pool, state, limit)).map(shown),
    find: async (requestId) => {
      const request = REQUEST_ID.test(requestId) ? await selectRequest(pool, requestId) : undefined;
      if (request === undefined) return refuse(actProblems.request_not_found());
      const nothing = { now: undefined, fingerprintNow: undefined, obstacle: undefined };
      if (request.state !== 'open') return ok({ ...shown(request), ...nothing });
      const described = await describe(request.act, request.arguments, givenOf(request));
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
    },
    follow: async () => {
      for (const requestId of await selectUnderWay(pool, new Date(clock.now() - LEFT_BEHIND_MS)))
        await goOn(requestId, true);
      for (const requestId of await selectExpired(pool, now())) {
        await dbTransaction(pool, async (client) => {
          const request = await selectRequest(client, requestId, true);
          if (request?.state === 'open')
            await change(client, request, { state: 'expired', endedAt: now() });
        });
      }
    },
  };
}

function shown({ sealed: _sealed, ...request }: StoredRequest): ActRequest {
  return request;
}

function contextOf(requestId: string): string {
  return `request ${requestId}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function actingOf({ madeBy, decidedBy, requestId, reason }: StoredRequest, again: boolean): Acting {
  return { askedBy: madeBy, approvedBy: decidedBy, requestId, reason, again };
}

function inOrder(record: ActArguments): [string, string][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Two requests with one fingerprint do the same under the same circumstances. */
function fingerprintOf(
  act: string,
  shownArguments: ActArguments,
  { words, circumstances }: Omit<Described, 'fingerprint'>,
): string {
  return digest(
    JSON.stringify([act, inOrder(shownArguments), words, inOrder(circumstances)]),
  ).slice(0, 32);
}

function changesIn(before: ActArguments, after: ActArguments): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
  if (names.length === 0) return 'It is not what the fingerprint stands for.';
  return names
    .map((name) => `${name} was ${before[name] ?? 'nothing'} and is ${after[name] ?? 'nothing'}.`)
    .join(' ');
}
