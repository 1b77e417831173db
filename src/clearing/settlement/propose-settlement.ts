// One operator says how a closed window's obligations are to be paid, another confirms it; of what could not be paid, the way may be changed again.
// Before this: `count-pairs.ts`. After this: `pay-obligations.ts`.

import type { OperatorId } from '../../kernel/ids.ts';
import { ok, refuse, type Problem, type Result } from '../../kernel/problem.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../runtime/feed.ts';
import { decideOuts } from './carve-out.ts';
import { findFrozenRows } from './frozen-rows.ts';
import { decideObligations, type Due } from './obligations.ts';
import type { SettlementParts } from './parts.ts';
import { paymentIdOf } from './participants.ts';
import { settlementProblems } from './problems.ts';
import { windowSettled } from './settlement-events.ts';
import { isIn } from './states.ts';
import {
  addCarveOuts, approveObligation, deleteObligations, insertObligation, lockWindows, moveWindow, proposeObligationAgain, selectCarveOuts, selectCarveOutsOf, selectNets, selectObligations,
  selectPairs, selectSettings, selectWindow,
} from './store.ts';
import { selectPoints } from './store-ledger.ts';
import { NETWORK, type CarveOut, type Obligation, type Payment, type SettlementWindow } from './types.ts';
import type { Frozen } from '../disputes/types.ts';

export interface Proposing {
  readonly windowId: number;
  readonly operatorId: OperatorId;
  readonly payments: readonly Payment[];
  /** For whom no payment is named; the prefund when absent. */
  readonly otherwise?: Omit<Payment, 'participant' | 'basis'> | undefined;
}

export interface Deciding {
  readonly windowId: number;
  readonly operatorId: OperatorId;
}

/** Of a closed window all obligations; of one that is being settled those named, as far as they are not paid. */
export async function proposeSettlement(parts: SettlementParts, proposing: Proposing): Promise<Result<SettlementWindow>> {
  const frozen = await parts.listFrozen();
  return changeWindow(parts, proposing.windowId, async (client, window) => {
    if (isIn(window, 'settling')) return proposeAgain(client, parts, window, proposing);
    if (!isIn(window, 'closed')) return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
    if (window.mismatch !== null) return refuse(settlementProblems.window_mismatch(window.mismatch));
    if (window.countedAtMs === null) return refuse(settlementProblems.window_not_closed('Its pairs are still being counted.'));
    return propose(client, parts, window, proposing, frozen);
  });
}

async function propose(client: DbClient, parts: SettlementParts, window: SettlementWindow<'closed'>, { operatorId, payments, otherwise = PREFUND }: Proposing, frozen: readonly Frozen[]): Promise<Result<SettlementWindow>> {
  const { windowId } = window;
  const nowMs = parts.clock.now();
  const fresh = await findFreshOuts(client, parts, windowId, frozen);
  const dues = await dueOf(client, windowId, [...await selectCarveOuts(client, windowId), ...fresh]);
  const refused = findFault(payments, dues) ?? findMissingReference([...payments, ...dues.map((due) => ({ participant: due.participant, ...paymentFor(due, payments, otherwise) }))]);
  if (refused !== undefined) return refuse(refused);
  await addCarveOuts(client, fresh, nowMs);
  if (dues.length === 0) {
    const settled = await moveWindow<'settleEmpty'>(client, window, 'settleEmpty', { settledAtMs: nowMs });
    await appendEvents(client, windowSettled(windowId, (await selectPoints(client)).map(({ platformId }) => platformId)), nowMs);
    return ok(settled);
  }
  for (const due of dues) {
    const payment = paymentFor(due, payments, otherwise);
    await insertObligation(client, { windowId, ...due, paidFrom: payment.from, bankReference: payment.bankReference ?? null, proposedBy: operatorId }, nowMs);
  }
  return ok(await moveWindow<'propose'>(client, window, 'propose', { proposedBy: operatorId, proposedAtMs: nowMs }));
}

async function proposeAgain(client: DbClient, parts: SettlementParts, window: SettlementWindow<'settling'>, { operatorId, payments }: Proposing): Promise<Result<SettlementWindow>> {
  const obligations = await selectObligations(client, window.windowId);
  const refused = findFault(payments, obligations) ?? findMissingReference(payments);
  if (refused !== undefined) return refuse(refused);
  const named = obligations.filter((obligation) => payments.some((payment) => isFor(payment, obligation)));
  for (const obligation of named) {
    // It may be paid without that it is known here yet: then its way cannot be changed any more.
    if (obligation.state === 'paid' || (await isPosted(parts, obligation))) return refuse(settlementProblems.obligation_paid(`That of ${obligation.participant} is paid.`));
  }
  if (named.length === 0) return refuse(settlementProblems.obligation_not_found('Name the obligations that are to be paid in another way.'));
  for (const obligation of named) {
    const payment = paymentFor(obligation, payments, PREFUND);
    await proposeObligationAgain(client, { ...obligation, paidFrom: payment.from, bankReference: payment.bankReference ?? null, proposedBy: operatorId }, parts.clock.now());
  }
  return ok(window);
}

/** By whoever made it, or by any other operator. */
export function withdrawSettlement(parts: SettlementParts, { windowId }: Deciding): Promise<Result<SettlementWindow>> {
  return changeWindow(parts, windowId, async (client, window) => {
    if (!isIn(window, 'proposed')) return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
    await deleteObligations(client, windowId);
    return ok(await moveWindow<'withdraw'>(client, window, 'withdraw', { proposedBy: null, proposedAtMs: null }));
  });
}

/** By another operator than the one who proposed it, provided that it is still what is owed. */
export async function approveSettlement(parts: SettlementParts, { windowId, operatorId }: Deciding): Promise<Result<SettlementWindow>> {
  const frozen = await parts.listFrozen();
  return changeWindow(parts, windowId, async (client, window) => {
    if (!isIn(window, 'proposed') && !isIn(window, 'settling')) return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
    const open = (await selectObligations(client, windowId)).filter(({ state }) => state === 'proposed');
    if (open.length === 0) return refuse(settlementProblems.settlement_state('Nothing in it waits for approval.'));
    if (open.some(({ proposedBy }) => proposedBy === operatorId)) return refuse(settlementProblems.settlement_same_operator());
    if (isIn(window, 'proposed') && (await findFreshOuts(client, parts, windowId, frozen)).length > 0) return refuse(settlementProblems.settlement_changed());
    const nowMs = parts.clock.now();
    for (const obligation of open) await approveObligation(client, obligation, operatorId, nowMs);
    if (!isIn(window, 'proposed')) return ok(window);
    return ok(await moveWindow<'approve'>(client, window, 'approve', { approvedBy: operatorId, approvedAtMs: nowMs }));
  });
}

function changeWindow(parts: SettlementParts, windowId: number, work: (client: DbClient, window: SettlementWindow) => Promise<Result<SettlementWindow>>): Promise<Result<SettlementWindow>> {
  return dbTransaction(parts.pool, async (client) => {
    await lockWindows(client);
    const window = await selectWindow(client, windowId);
    return window === undefined ? refuse(settlementProblems.window_not_found()) : work(client, window);
  });
}

/** Transactions of the window that are disputed now and not left out yet. */
async function findFreshOuts(client: DbClient, { ledger }: SettlementParts, windowId: number, frozen: readonly Frozen[]): Promise<CarveOut[]> {
  const rows = await findFrozenRows(client, frozen, ledger, await selectPoints(client));
  return decideOuts(windowId, rows, await selectCarveOutsOf(client, rows.map(({ rowId }) => rowId)));
}

async function dueOf(client: DbClient, windowId: number, carved: readonly CarveOut[]): Promise<Due[]> {
  const { grossPairs } = await selectSettings(client);
  return decideObligations(await selectNets(client, windowId), await selectPairs(client, windowId), carved, (a, b) => grossPairs.some((pair) => pair.includes(a) && pair.includes(b)));
}

function findFault(payments: readonly Payment[], dues: readonly Pick<Due, 'participant' | 'basis'>[]): Problem | undefined {
  const astray = payments.find((payment) => !dues.some((due) => isFor(payment, due)));
  if (astray === undefined) return undefined;
  return settlementProblems.obligation_not_found(`${astray.participant} has none${astray.basis === undefined ? '' : ` of basis ${astray.basis}`}.`);
}

function findMissingReference(payments: readonly Payment[]): Problem | undefined {
  const silent = payments.find(({ participant, from, bankReference }) => from === 'outside' && participant !== NETWORK && bankReference === undefined);
  return silent === undefined ? undefined : settlementProblems.bank_reference_missing(`That of ${silent.participant} is missing.`);
}

function isFor(payment: Payment, due: Pick<Due, 'participant' | 'basis'>): boolean {
  return payment.participant === due.participant && (payment.basis === undefined || payment.basis === due.basis);
}

const PREFUND: Way = { from: 'prefund' };
type Way = Omit<Payment, 'participant' | 'basis'>;

function paymentFor(due: Pick<Due, 'participant' | 'basis'>, payments: readonly Payment[], otherwise: Way): Way {
  const named = payments.findLast((payment) => isFor(payment, due)) ?? otherwise;
  // The network prefunds nothing.
  return due.participant === NETWORK ? { ...named, from: 'outside' } : named;
}

async function isPosted({ ledger }: SettlementParts, obligation: Obligation): Promise<boolean> {
  return (await ledger.findTransaction(paymentIdOf(obligation, ledger.bucketCount()))).length > 0;
}
