// Approves a request and does its act. Approval is one commit, the act another; a process that
// finds an approval left behind resumes it, so an act is done once, whichever process dies in
// between. Before this: `ask-for-act.ts`. After this: `perform-*.ts`.

import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import { dbTransaction, type DbClient } from '../runtime/database.ts';
import { performers } from './performers.ts';
import { actProblems } from './problems.ts';
import { selectRequest, type StoredRequest } from './store.ts';
import type {
  ActArguments,
  ActDecision,
  ActParts,
  ActRequest,
  Acting,
  Performer,
} from './types.ts';
import { changeAndAnnounce, lockOpen, shown } from './change-request.ts';
import { changesIn, describeAct, givenOf } from './describe-act.ts';

const NO_SECRETS: ActArguments = {};

export interface Approved {
  readonly request: ActRequest;
  /** Shown once and stored nowhere, such as a new token. */
  readonly secrets: ActArguments;
}

export async function approveRequest(
  parts: ActParts,
  decision: ActDecision,
): Promise<Result<Approved>> {
  const approved = await dbTransaction(
    parts.pool,
    async (
      client,
    ): Promise<Result<{ request: StoredRequest; secrets: ActArguments; problem?: Problem }>> => {
      const request = await lockOpen(client, parts, decision.requestId);
      if (!request.ok) return request;
      const may = await mayApprove(parts, request.value, decision);
      if (!may.ok) return may;
      const changed = await changeAndAnnounce(client, parts, request.value, {
        state: 'approved',
        decidedBy: decision.operatorId,
        decidedAt: new Date(parts.clock.now()),
        decisionReason: decision.reason ?? null,
      });
      const performer: Performer = performers[changed.act];
      return ok(
        (performer.inCommit ? await carryOut(client, parts, changed, false) : undefined) ?? {
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
      done = (await goOn(parts, decision.requestId, false)) ?? done;
    } catch (error) {
      // It is approved, whatever happens now; the loop resumes it.
      parts.log.error(
        { err: error, request_id: decision.requestId },
        'an approved act is not done yet',
      );
    }
  }
  return done.problem === undefined
    ? ok({ request: shown(done.request), secrets: done.secrets })
    : refuse(done.problem);
}

/** Resumes an approval; undefined when it is done already, or cannot be done now. */
export function goOn(
  parts: ActParts,
  requestId: string,
  again: boolean,
): ReturnType<typeof carryOut> {
  return dbTransaction(parts.pool, async (client) => {
    const request = await selectRequest(client, requestId, true);
    return request?.state === 'approved' ? carryOut(client, parts, request, again) : undefined;
  });
}

async function mayApprove(
  parts: ActParts,
  request: StoredRequest,
  { operatorId, fingerprint = request.fingerprint }: ActDecision,
): Promise<Result<undefined>> {
  if (request.madeBy === operatorId) return refuse(actProblems.approver_is_asker());
  const asker = (await parts.identity.listOperators()).find(
    (operator) => operator.operatorId === request.madeBy,
  );
  if (asker?.state !== 'active') return refuse(actProblems.asker_suspended());
  const described = await describeAct(
    parts,
    request.act,
    request.arguments,
    givenOf(parts.sealer, request),
  );
  if (!described.ok) return described;
  if (described.value.fingerprint === fingerprint) return ok(undefined);
  return refuse(
    actProblems.request_changed(changesIn(request.circumstances, described.value.circumstances), {
      fingerprint: described.value.fingerprint,
    }),
  );
}

/** Does an approved act, where possible in the commit that records it as done. */
async function carryOut(
  client: DbClient,
  parts: ActParts,
  request: StoredRequest,
  again: boolean,
): Promise<{ request: StoredRequest; secrets: ActArguments; problem?: Problem } | undefined> {
  const done = await performers[request.act].perform(
    givenOf(parts.sealer, request),
    actingOf(request, again),
    parts,
    client,
  );
  if (done.ok) {
    const { outcome, secrets = NO_SECRETS } = done.value;
    return {
      request: await changeAndAnnounce(client, parts, request, {
        state: 'done',
        endedAt: new Date(parts.clock.now()),
        outcome,
      }),
      secrets,
    };
  }
  if (done.problem.retryable) return undefined;
  parts.log.warn(
    { request_id: request.requestId, act: request.act, code: done.problem.code },
    'an approved act was refused',
  );
  return {
    request: await changeAndAnnounce(client, parts, request, {
      state: 'failed',
      endedAt: new Date(parts.clock.now()),
      failedWith: done.problem.code,
    }),
    secrets: NO_SECRETS,
    problem: done.problem,
  };
}

function actingOf({ madeBy, decidedBy, requestId, reason }: StoredRequest, again: boolean): Acting {
  return { askedBy: madeBy, approvedBy: decidedBy, requestId, reason, again };
}
