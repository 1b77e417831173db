// Operators' acts on a window that is not paid as it should be: leave out a platform that cannot
// pay, abort the window, or take back unpaid obligations. One operator proposes, another approves.
// Before this: `pay-obligations.ts` has recorded why something is not paid.

import { randomUUID } from 'node:crypto';
import type { OperatorId, PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { basisOf, writeAmounts } from './carve-later.ts';
import { decideLeaveOut, edgesOf } from './decide-leave-out.ts';
import type { PayingParts } from './parts.ts';
import { finishPlanned } from './pay-obligations.ts';
import { settlementProblems } from './problems.ts';
import { changeWindow } from './propose-settlement.ts';
import { actDecided, carriedOver } from './settlement-events.ts';
import { isIn } from './states.ts';
import { moveWindow, selectOpenWindow } from './store-windows.ts';
import { selectCarveOuts } from './store-carve-outs.ts';
import { selectPairs } from './store-pairs.ts';
import { deleteObligations, reverseObligations, selectObligations } from './store-obligations.ts';
import { decideAct, insertAct, noteSuspended, selectActs, selectToSuspend } from './store-acts.ts';
import { cancelPlanned, holdObligation, insertCarried, selectCarried } from './store-payments.ts';
import {
  NET,
  NETWORK,
  type ActKind,
  type Obligation,
  type Participant,
  type SettlementAct,
  type SettlementWindow,
} from './types.ts';

export interface ActToPropose {
  readonly windowId: number;
  readonly kind: ActKind;
  /**
   * The platform to leave out; or the participants whose obligations are taken back, all when
   * empty.
   */
  readonly participants: readonly Participant[];
  readonly reason: string;
  readonly operatorId: OperatorId;
}

export interface ActDecision {
  readonly windowId: number;
  readonly actId: string;
  readonly operatorId: OperatorId;
}

/** The window that an act needs, and what it does once another operator has approved it. */
interface ActDoing {
  check(act: Pick<SettlementAct, 'participants'>, obligations: readonly Obligation[]): Result<null>;
  carryOut(
    parts: PayingParts,
    client: DbClient,
    window: SettlementWindow<'settling'>,
    act: SettlementAct,
  ): Promise<void>;
}

const doings: Readonly<Record<ActKind, ActDoing>> = {
  leave_out: { check: checkDefault, carryOut: leaveOut },
  abort: { check: () => ok(null), carryOut: abort },
  take_back: { check: checkUnpaid, carryOut: takeBack },
};

export async function proposeAct(
  parts: PayingParts,
  { windowId, kind, participants, reason, operatorId }: ActToPropose,
): Promise<Result<SettlementAct>> {
  return changeWindow(parts, windowId, async (client, window) => {
    const fault = await findFault(client, window, { kind, participants });
    if (!fault.ok) return fault;
    const act: SettlementAct = {
      actId: randomUUID(),
      windowId,
      kind,
      participants,
      reason,
      state: 'open',
      proposedBy: operatorId,
      proposedAtMs: parts.clock.now(),
      decidedBy: null,
      decidedAtMs: null,
    };
    if (!(await insertAct(client, act))) return refuse(settlementProblems.settlement_act_open());
    await appendEvents(client, [actDecided(act)], act.proposedAtMs);
    return ok(act);
  });
}

/**
 * By another operator than the one who proposed it, if it is still possible. The next payment of
 * the window carries out its consequences.
 */
export async function approveAct(
  parts: PayingParts,
  { windowId, actId, operatorId }: ActDecision,
): Promise<Result<SettlementAct>> {
  // A part that was posted but not recorded counts as paid. It takes a turn of its own.
  await parts.alone(windowId, () => finishPlanned(parts, windowId, new Set()));
  return changeWindow(parts, windowId, async (client, window) => {
    const found = await findOpen(client, windowId, actId);
    if (!found.ok) return found;
    const act = found.value;
    if (act.proposedBy === operatorId) return refuse(settlementProblems.settlement_same_operator());
    const fault = await findFault(client, window, act);
    if (!fault.ok) return fault;
    const nowMs = parts.clock.now();
    const decided: SettlementAct = {
      ...act,
      state: 'approved',
      decidedBy: operatorId,
      decidedAtMs: nowMs,
    };
    await doings[act.kind].carryOut(parts, client, fault.value, decided);
    await decideAct(client, act, 'approved', operatorId, nowMs);
    await appendEvents(client, [actDecided(decided)], nowMs);
    return ok(decided);
  });
}

/** By its maker, or by any other operator, while it is open. */
export async function withdrawAct(
  parts: PayingParts,
  { windowId, actId, operatorId }: ActDecision,
): Promise<Result<SettlementAct>> {
  return changeWindow(parts, windowId, async (client) => {
    const found = await findOpen(client, windowId, actId);
    if (!found.ok) return found;
    const nowMs = parts.clock.now();
    const decided: SettlementAct = {
      ...found.value,
      state: 'withdrawn',
      decidedBy: operatorId,
      decidedAtMs: nowMs,
    };
    await decideAct(client, found.value, 'withdrawn', operatorId, nowMs);
    await appendEvents(client, [actDecided(decided)], nowMs);
    return ok(decided);
  });
}

/** Suspends platforms that an act has left out; after a crash any process does so. */
export async function suspendLeftOut(parts: PayingParts): Promise<void> {
  for (const { actId, windowId, platformId, decidedBy } of await selectToSuspend(parts.pool)) {
    await parts.suspend(
      platformId,
      `left out of settlement window ${windowId}`,
      decidedBy as OperatorId,
    );
    await noteSuspended(parts.pool, actId, parts.clock.now());
  }
}

async function findOpen(
  client: DbClient,
  windowId: number,
  actId: string,
): Promise<Result<SettlementAct>> {
  const act = (await selectActs(client, windowId)).find((each) => each.actId === actId);
  if (act === undefined) return refuse(settlementProblems.settlement_act_not_found());
  return act.state === 'open'
    ? ok(act)
    : refuse(settlementProblems.settlement_act_decided(`It is ${act.state}.`));
}

/** The window as one that is being paid, or the reason why the act is not possible now. */
async function findFault(
  client: DbClient,
  window: SettlementWindow,
  { kind, participants }: Pick<SettlementAct, 'kind' | 'participants'>,
): Promise<Result<SettlementWindow<'settling'>>> {
  if (!isIn(window, 'settling'))
    return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
  const obligations = await selectObligations(client, window.windowId);
  if (obligations.some(({ state }) => state === 'proposed'))
    return refuse(
      settlementProblems.settlement_state('A change of its payment waits for approval.'),
    );
  const checked = doings[kind].check({ participants }, obligations);
  return checked.ok ? ok(window) : checked;
}

function checkDefault(
  { participants: [defaulter] }: Pick<SettlementAct, 'participants'>,
  obligations: readonly Obligation[],
): Result<null> {
  const outstanding = obligations
    .filter(({ participant }) => participant === defaulter)
    .reduce((sum, each) => sum + each.amount - each.paid, 0n);
  return outstanding < 0n && defaulter !== NETWORK
    ? ok(null)
    : refuse(settlementProblems.not_in_default());
}

function checkUnpaid(
  { participants }: Pick<SettlementAct, 'participants'>,
  obligations: readonly Obligation[],
): Result<null> {
  const strange = participants.find(
    (participant) =>
      !obligations.some((each) => each.participant === participant && isUnpaid(each)),
  );
  if (strange !== undefined)
    return refuse(settlementProblems.obligation_not_found(`${strange} has no unpaid obligation.`));
  return obligations.some(isUnpaid)
    ? ok(null)
    : refuse(settlementProblems.obligation_not_found('All of them are paid or taken back.'));
}

function isUnpaid({ amount, paid, state }: Obligation): boolean {
  return amount !== paid && state === 'approved';
}

async function leaveOut(
  { clock, ledger }: PayingParts,
  client: DbClient,
  window: SettlementWindow<'settling'>,
  { actId, participants }: SettlementAct,
): Promise<void> {
  const { windowId } = window;
  const leftOut = participants[0] as PlatformId;
  const obligations = await selectObligations(client, windowId);
  const before = await selectCarried(client, windowId);
  const isGross = (a: Participant, b: Participant): boolean => basisOf(obligations, a, b) !== NET;
  const edges = edgesOf(
    windowId,
    await selectPairs(client, windowId),
    await selectCarveOuts(client, windowId),
    before,
    isGross,
  );
  // A part that was allotted to a claim counts as paid.
  const standings = obligations.map(({ participant, basis, amount, parts }) => ({
    participant,
    basis,
    amount,
    paid: parts.reduce((sum, part) => sum + part.amount, 0n),
  }));
  // A platform that was left out before stays out, unless the window was aborted since then.
  const owing = new Set(
    obligations.filter(({ amount, paid }) => amount !== paid).map(({ participant }) => participant),
  );
  const gone = before
    .filter((each) => each.windowId === windowId && !owing.has(each.leftOut))
    .map((each) => each.leftOut);
  const decided = decideLeaveOut(leftOut, gone, standings, edges);
  const { windowId: toWindowId } = await selectOpenWindow(client);
  const carried = decided.carried.map((each) => ({ ...each, windowId, toWindowId, leftOut }));
  await insertCarried(client, actId, carried, clock.now());
  await writeAmounts(client, window, obligations, decided.standings, clock.now());
  await appendEvents(client, carriedOver(carried, ledger.settlementAsset()), clock.now());
}

async function abort(
  { clock }: PayingParts,
  client: DbClient,
  window: SettlementWindow<'settling'>,
  { proposedBy, decidedBy }: SettlementAct,
): Promise<void> {
  await cancelPlanned(client, window.windowId);
  await reverseObligations(client, window.windowId, proposedBy, decidedBy ?? '', clock.now());
  await moveWindow<'abort'>(client, window, 'abort', {});
}

/**
 * Before anything was paid, the whole proposal is removed; after that, the named obligations wait
 * to be proposed again.
 */
async function takeBack(
  _parts: PayingParts,
  client: DbClient,
  window: SettlementWindow<'settling'>,
  { participants }: SettlementAct,
): Promise<void> {
  const obligations = await selectObligations(client, window.windowId);
  const isWhole =
    participants.length === 0 &&
    obligations.every(
      ({ paid, parts }) => paid === 0n && parts.every(({ state }) => state === 'posted'),
    );
  if (isWhole) {
    await deleteObligations(client, window.windowId);
    await moveWindow<'takeBack'>(client, window, 'takeBack', {
      proposedBy: null,
      proposedAtMs: null,
      approvedBy: null,
      approvedAtMs: null,
    });
    return;
  }
  for (const each of obligations)
    if (isUnpaid(each) && (participants.length === 0 || participants.includes(each.participant)))
      await holdObligation(client, each);
}
