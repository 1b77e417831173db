// One operator proposes how a closed window's obligations are to be paid, another confirms it; for
// what could not be paid, the way may be changed again. Before this: `count-pairs.ts`. After this:
// `pay-obligations.ts`.

import type { OperatorId } from '../../kernel/ids.ts';
import { ok, refuse, type Problem, type Result } from '../../kernel/problem.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { dueOf, findFreshOuts, writeAmounts } from './carve-later.ts';
import type { Due } from './obligations.ts';
import type { PayingParts } from './parts.ts';
import { settlementProblems } from './problems.ts';
import { windowSettled } from './settlement-events.ts';
import { isIn } from './states.ts';
import { lockWindows, moveWindow, selectWindow } from './store-windows.ts';
import { addCarveOuts } from './store-carve-outs.ts';
import {
  approveObligation,
  deleteObligations,
  insertObligation,
  proposeObligationAgain,
  selectObligations,
} from './store-obligations.ts';
import { selectPoints } from './store-ledger.ts';
import { NETWORK, type Payment, type SettlementWindow } from './types.ts';
import type { Frozen } from '../disputes/disputes.ts';

export interface Proposing {
  readonly windowId: number;
  readonly operatorId: OperatorId;
  readonly payments: readonly Payment[];
  /**
   * Of a closed window, for everyone who is not named; the prefund when absent. A window that is
   * being settled has no others.
   */
  readonly otherwise?: Omit<Payment, 'participant' | 'basis'> | undefined;
}

export interface Deciding {
  readonly windowId: number;
  readonly operatorId: OperatorId;
}

/**
 * For a closed window all obligations; for one that is being settled the named ones, as far as they
 * are not paid.
 */
export async function proposeSettlement(
  parts: PayingParts,
  proposing: Proposing,
): Promise<Result<SettlementWindow>> {
  const frozen = await parts.listFrozen();
  return changeWindow(parts, proposing.windowId, async (client, window) => {
    if (isIn(window, 'settling') || isIn(window, 'aborting'))
      return proposeAgain(client, parts, window, proposing);
    if (!isIn(window, 'closed'))
      return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
    if (window.mismatch !== null)
      return refuse(settlementProblems.window_mismatch(window.mismatch));
    if (window.countedAtMs === null)
      return refuse(settlementProblems.window_not_closed('Its pairs are still being counted.'));
    return propose(client, parts, window, proposing, frozen);
  });
}

async function propose(
  client: DbClient,
  parts: PayingParts,
  window: SettlementWindow<'closed'>,
  { operatorId, payments, otherwise = PREFUND }: Proposing,
  frozen: readonly Frozen[],
): Promise<Result<SettlementWindow>> {
  const { windowId } = window;
  const nowMs = parts.clock.now();
  const fresh = await findFreshOuts(client, parts, windowId, frozen);
  const dues = await dueOf(client, windowId, fresh);
  const refused =
    findFault(payments, dues) ??
    findMissingReference([
      ...payments,
      ...dues.map((due) => ({
        participant: due.participant,
        ...paymentFor(due, payments, otherwise),
      })),
    ]);
  if (refused !== undefined) return refuse(refused);
  await addCarveOuts(client, fresh, nowMs);
  if (dues.length === 0) return ok(await settleEmpty(client, window, nowMs));
  for (const due of dues) {
    const payment = paymentFor(due, payments, otherwise);
    await insertObligation(
      client,
      {
        windowId,
        ...due,
        paidFrom: payment.from,
        bankReference: payment.bankReference ?? null,
        proposedBy: operatorId,
      },
      nowMs,
    );
  }
  return ok(
    await moveWindow<'propose'>(client, window, 'propose', {
      proposedBy: operatorId,
      proposedAtMs: nowMs,
    }),
  );
}

async function settleEmpty(
  client: DbClient,
  window: SettlementWindow<'closed' | 'proposed'>,
  nowMs: number,
): Promise<SettlementWindow> {
  const settled = await moveWindow<'settleEmpty'>(client, window, 'settleEmpty', {
    settledAtMs: nowMs,
  });
  await appendEvents(
    client,
    windowSettled(
      window.windowId,
      (await selectPoints(client)).map(({ platformId }) => platformId),
    ),
    nowMs,
  );
  return settled;
}

async function proposeAgain(
  client: DbClient,
  parts: PayingParts,
  window: SettlementWindow<'settling' | 'aborting'>,
  { operatorId, payments, otherwise }: Proposing,
): Promise<Result<SettlementWindow>> {
  if (otherwise !== undefined)
    return refuse(
      settlementProblems.settlement_state(
        `It is ${window.state}: name each obligation that is to be paid in another way, and no ` +
          'way for all others.',
      ),
    );
  const obligations = await selectObligations(client, window.windowId);
  const refused = findFault(payments, obligations) ?? findMissingReference(payments);
  if (refused !== undefined) return refuse(refused);
  const named = obligations.filter((obligation) =>
    payments.some((payment) => isFor(payment, obligation)),
  );
  const paid = named.find(
    ({ state, amount, paid: already }) => state === 'paid' || amount === already,
  );
  if (paid !== undefined)
    return refuse(
      settlementProblems.obligation_paid(`The obligation of ${paid.participant} is paid.`),
    );
  if (named.length === 0)
    return refuse(
      settlementProblems.obligation_not_found(
        'Name the obligations that are to be paid in another way.',
      ),
    );
  for (const obligation of named) {
    const payment = paymentFor(obligation, payments, PREFUND);
    await proposeObligationAgain(
      client,
      {
        ...obligation,
        paidFrom: payment.from,
        bankReference: payment.bankReference ?? null,
        proposedBy: operatorId,
      },
      parts.clock.now(),
    );
  }
  return ok(window);
}

/** By its maker, or by any other operator. */
export function withdrawSettlement(
  parts: PayingParts,
  { windowId }: Deciding,
): Promise<Result<SettlementWindow>> {
  return changeWindow(parts, windowId, async (client, window) => {
    if (!isIn(window, 'proposed'))
      return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
    await deleteObligations(client, windowId);
    return ok(
      await moveWindow<'withdraw'>(client, window, 'withdraw', {
        proposedBy: null,
        proposedAtMs: null,
      }),
    );
  });
}

/**
 * By another operator than the one who proposed it. Transactions disputed since then are left out.
 */
export async function approveSettlement(
  parts: PayingParts,
  { windowId, operatorId }: Deciding,
): Promise<Result<SettlementWindow>> {
  const frozen = await parts.listFrozen();
  return changeWindow(parts, windowId, async (client, window) => {
    if (!isIn(window, 'proposed') && !isIn(window, 'settling') && !isIn(window, 'aborting'))
      return refuse(settlementProblems.settlement_state(`It is ${window.state}.`));
    const obligations = await selectObligations(client, windowId);
    const open = obligations.filter(({ state }) => state === 'proposed');
    if (open.length === 0)
      return refuse(settlementProblems.settlement_state('Nothing in it waits for approval.'));
    if (open.some(({ proposedBy }) => proposedBy === operatorId))
      return refuse(settlementProblems.settlement_same_operator());
    const nowMs = parts.clock.now();
    if (isIn(window, 'proposed')) {
      const fresh = await findFreshOuts(client, parts, windowId, frozen);
      if (fresh.length > 0)
        await writeAmounts(
          client,
          window,
          obligations,
          await dueOf(client, windowId, fresh),
          nowMs,
        );
      await addCarveOuts(client, fresh, nowMs);
    }
    const left = (await selectObligations(client, windowId)).filter(
      ({ state }) => state === 'proposed',
    );
    if (left.length === 0 && isIn(window, 'proposed'))
      return ok(await settleEmpty(client, window, nowMs));
    for (const obligation of left) await approveObligation(client, obligation, operatorId, nowMs);
    if (!isIn(window, 'proposed')) return ok(window);
    return ok(
      await moveWindow<'approve'>(client, window, 'approve', {
        approvedBy: operatorId,
        approvedAtMs: nowMs,
      }),
    );
  });
}

/** While no process pays the window. */
export function changeWindow<T>(
  parts: PayingParts,
  windowId: number,
  work: (client: DbClient, window: SettlementWindow) => Promise<Result<T>>,
): Promise<Result<T>> {
  return parts.alone(windowId, () =>
    dbTransaction(parts.pool, async (client) => {
      await lockWindows(client);
      const window = await selectWindow(client, windowId);
      return window === undefined
        ? refuse(settlementProblems.window_not_found())
        : work(client, window);
    }),
  );
}

function findFault(
  payments: readonly Payment[],
  dues: readonly Pick<Due, 'participant' | 'basis'>[],
): Problem | undefined {
  const astray = payments.find((payment) => !dues.some((due) => isFor(payment, due)));
  if (astray === undefined) return undefined;
  return settlementProblems.obligation_not_found(
    `${astray.participant} has ` +
      `none${astray.basis === undefined ? '' : ` of basis ${astray.basis}`}.`,
  );
}

function findMissingReference(payments: readonly Payment[]): Problem | undefined {
  const silent = payments.find(
    ({ participant, from, bankReference }) =>
      from === 'outside' && participant !== NETWORK && bankReference === undefined,
  );
  return silent === undefined
    ? undefined
    : settlementProblems.bank_reference_missing(`It is missing for ${silent.participant}.`);
}

function isFor(payment: Payment, due: Pick<Due, 'participant' | 'basis'>): boolean {
  return (
    payment.participant === due.participant &&
    (payment.basis === undefined || payment.basis === due.basis)
  );
}

const PREFUND: Way = { from: 'prefund' };
type Way = Omit<Payment, 'participant' | 'basis'>;

function paymentFor(
  due: Pick<Due, 'participant' | 'basis'>,
  payments: readonly Payment[],
  otherwise: Way,
): Way {
  const named = payments.findLast((payment) => isFor(payment, due)) ?? otherwise;
  // The network prefunds nothing.
  return due.participant === NETWORK ? { ...named, from: 'outside' } : named;
}
