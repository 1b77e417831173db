// Pays what was approved, in parts where necessary: each payer pays what it has, and money that has
// come in is paid out pro rata at once. Every part is recorded before the ledger is asked for it,
// under a key made from the obligation and its number, so that any process that resumes after a
// crash posts nothing twice. The ledger decides: it refuses what would take a position beyond its
// cap or a prefund below zero, and is asked again later. Before this: `propose-settlement.ts`.

import { formatAmountText, smaller } from '../../kernel/amount.ts';
import type { MemberId, PlatformId } from '../../kernel/ids.ts';
import { ledgerProblems, type PostedLeg, type SettleCommand } from '../../ledger/ledger.ts';
import type { Problem } from '../../kernel/problem.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { carveLater } from './carve-later.ts';
import { decidePayouts, type Claim } from './distribute.ts';
import { keyOf, ownerOf, paymentIdOf } from './participants.ts';
import type { PayingParts } from './parts.ts';
import { settlementAborted, windowSettled } from './settlement-events.ts';
import { isIn } from './states.ts';
import { lockWindows, moveWindow, selectPayable, selectWindow } from './store-windows.ts';
import { deleteObligations, noteRefusal, selectObligations } from './store-obligations.ts';
import { selectPoints } from './store-ledger.ts';
import { closeActs } from './store-acts.ts';
import {
  deletePlanned,
  insertPart,
  markPaid,
  recordPosted,
  selectLastRound,
  selectParts,
  type NewPart,
} from './store-payments.ts';
import { NETWORK, type Obligation, type PartPayment } from './types.ts';

/** Time until the ledger is asked again for what it refused. */
const AGAIN_MS = 30_000;

/**
 * Pays everything that can be paid now, and ends windows whose last obligation is paid; true when
 * there may be more at once. Several processes may run it.
 */
export async function payDue(parts: PayingParts): Promise<boolean> {
  let moved = false;
  for (const windowId of await selectPayable(parts.pool, parts.clock.now()))
    moved = (await payWindow(parts, windowId)) || moved;
  return moved;
}

/** True when the window is settled now, or all of it was given back. */
export async function payWindow(parts: PayingParts, windowId: number): Promise<boolean> {
  const touched = new Set<PlatformId>();
  try {
    return await parts.alone(windowId, () => payAll(parts, windowId, touched));
  } finally {
    // Not under the lock: a cap has a lock of its own.
    for (const platformId of touched) {
      await parts
        .prefundMoved?.(platformId)
        .catch((error: unknown) =>
          parts.log.warn(
            { err: error, platform_id: platformId },
            'a cap follows its prefund later',
          ),
        );
    }
  }
}

async function payAll(
  parts: PayingParts,
  windowId: number,
  touched: Set<PlatformId>,
): Promise<boolean> {
  const { pool } = parts;
  const window = await selectWindow(pool, windowId);
  if (window === undefined || !(isIn(window, 'settling') || isIn(window, 'aborting'))) return false;
  await finishPlanned(parts, windowId, touched);
  if (isIn(window, 'settling')) await carveLater(parts, windowId);
  for (const obligation of await selectObligations(pool, windowId))
    await takeIn(parts, obligation, touched);
  await payOut(parts, windowId, touched);
  return end(parts, windowId);
}

/**
 * Finishes parts that another process planned and did not finish, or that the ledger refused
 * before.
 */
export async function finishPlanned(
  parts: PayingParts,
  windowId: number,
  touched: Set<PlatformId>,
): Promise<void> {
  for (const obligation of await selectObligations(parts.pool, windowId)) {
    if (!isDue(parts, obligation)) continue;
    for (const part of obligation.parts)
      if (part.state === 'planned') await post(parts, obligation, part, touched);
  }
}

/** Takes in what a payer owes, as far as it has the money. */
async function takeIn(
  parts: PayingParts,
  obligation: Obligation,
  touched: Set<PlatformId>,
): Promise<void> {
  const { pool, clock } = parts;
  const owed = obligation.paid - obligation.amount;
  if (owed <= 0n || !isDue(parts, obligation) || hasPlanned(obligation)) return;
  if (await adopt(parts, obligation, touched)) return takeAgain(parts, obligation, touched);
  const has = obligation.paidFrom === 'prefund' ? await prefundOf(parts, obligation) : owed;
  const amount = smaller(owed, has);
  if (amount > 0n) {
    const part = partOf(obligation, -amount);
    await insertPart(pool, part, clock.now());
    if (!(await post(parts, obligation, part, touched))) return;
  }
  if (amount < owed)
    await noteRefusal(
      pool,
      obligation,
      textOf(shortage(parts, owed - amount, amount)),
      clock.now() + AGAIN_MS,
    );
}

async function takeAgain(
  parts: PayingParts,
  { windowId, participant, basis }: Obligation,
  touched: Set<PlatformId>,
): Promise<void> {
  const now = (await selectObligations(parts.pool, windowId)).find(
    (each) => each.participant === participant && each.basis === basis,
  );
  if (now !== undefined) await takeIn(parts, now, touched);
}

/**
 * One distribution: all money that has come in and is not paid out or about to be, to all who are
 * due something and owe nothing here themselves.
 */
async function payOut(
  parts: PayingParts,
  windowId: number,
  touched: Set<PlatformId>,
): Promise<void> {
  const { pool, clock } = parts;
  for (const obligation of await selectObligations(pool, windowId)) {
    if (obligation.amount > obligation.paid && !hasPlanned(obligation))
      await adopt(parts, obligation, touched);
  }
  const obligations = await selectObligations(pool, windowId);
  const owing = new Set(
    obligations.filter(({ amount, paid }) => amount < paid).map(({ participant }) => participant),
  );
  const claims = obligations
    .filter(
      (each) =>
        each.state === 'approved' &&
        each.amount > each.paid &&
        !owing.has(each.participant) &&
        !hasPlanned(each),
    )
    .map(claimOf);
  const come = -(await selectParts(pool, windowId)).reduce((sum, { amount }) => sum + amount, 0n);
  const available = smaller(
    come,
    claims.reduce((sum, { claim, paid }) => sum + claim - paid, 0n),
  );
  if (available <= 0n) return;
  const shares = decidePayouts(available, claims);
  await dbTransaction(pool, async (client) => {
    const round = (await selectLastRound(client, windowId)) + 1;
    for (const { obligation, amount, claim, paid } of shares) {
      await insertPart(
        client,
        { ...partOf(obligation, amount), share: { round, claim, paidBefore: paid } },
        clock.now(),
      );
    }
  });
  await finishPlanned(parts, windowId, touched);
}

type ClaimOfObligation = Claim & { readonly obligation: Obligation };

function claimOf(obligation: Obligation): ClaimOfObligation {
  const { participant, basis, amount, paid } = obligation;
  // Money to be given back to a payer counts by what is still to be given back.
  return paid > 0n
    ? { participant, basis, claim: amount, paid, obligation }
    : { participant, basis, claim: amount - paid, paid: 0n, obligation };
}

/** True when it is posted. */
async function post(
  parts: PayingParts,
  obligation: Obligation,
  part: Pick<PartPayment, 'number' | 'amount'>,
  touched: Set<PlatformId>,
): Promise<boolean> {
  const { ledger, pool, clock, log } = parts;
  const { windowId, participant } = obligation;
  const outcome = await ledger.submit(toCommand(obligation, part));
  // It may have been posted with another amount or in another way before the change; then that
  // counts.
  const posted = outcome.ok
    ? outcome.transaction
    : await findPosted(parts, obligation, part.number);
  if (posted !== undefined) {
    await record(parts, obligation, part.number, posted, touched);
    return true;
  }
  if (outcome.ok) return false;
  log.warn(
    { window_id: windowId, participant, code: outcome.problem.code },
    'an obligation could not be settled; this is retried',
  );
  // A payer's money is read again; a part that was allotted to a claim stays allotted.
  if (part.amount < 0n) await deletePlanned(pool, obligation);
  await noteRefusal(pool, obligation, textOf(outcome.problem), clock.now() + AGAIN_MS);
  return false;
}

/** True when the next part was posted by a process that could not record it. */
async function adopt(
  parts: PayingParts,
  obligation: Obligation,
  touched: Set<PlatformId>,
): Promise<boolean> {
  const number = nextNumber(obligation);
  const posted = await findPosted(parts, obligation, number);
  if (posted === undefined) return false;
  await record(parts, obligation, number, posted, touched);
  return true;
}

async function record(
  { pool }: PayingParts,
  obligation: Obligation,
  number: number,
  posted: PostedLeg,
  touched: Set<PlatformId>,
): Promise<void> {
  await recordPosted(pool, obligation, number, posted);
  if (posted.details?.['from'] === 'prefund' && obligation.participant !== NETWORK)
    touched.add(obligation.participant);
}

async function findPosted(
  { ledger }: PayingParts,
  obligation: Obligation,
  number: number,
): Promise<PostedLeg | undefined> {
  const [posted] = await ledger.findTransaction(
    paymentIdOf(obligation, number, ledger.bucketCount()),
  );
  return posted;
}

/** In the way that is approved now; that of a planned part may have changed. */
function toCommand(
  { windowId, participant, basis, paidFrom, bankReference, approvedBy, proposedBy }: Obligation,
  { number, amount }: Pick<PartPayment, 'number' | 'amount'>,
): SettleCommand {
  return {
    kind: 'settle',
    platformId: participant as PlatformId,
    memberId: ownerOf(participant) as MemberId,
    key: keyOf({ windowId, participant, basis }, number),
    amount,
    from: paidFrom,
    ...(bankReference === null ? {} : { reference: bankReference }),
    details: {
      window_id: windowId,
      basis,
      ...(number === 1 ? {} : { part: number }),
      proposed_by: proposedBy,
      approved_by: approvedBy,
    },
  };
}

function partOf(obligation: Obligation, amount: bigint): NewPart {
  const { windowId, participant, basis, paidFrom, bankReference } = obligation;
  return {
    windowId,
    participant,
    basis,
    number: nextNumber(obligation),
    amount,
    paidFrom,
    bankReference,
  };
}

function nextNumber({ parts }: Obligation): number {
  return (parts.at(-1)?.number ?? 0) + 1;
}

function hasPlanned({ parts }: Obligation): boolean {
  return parts.some(({ state }) => state === 'planned');
}

function isDue({ clock }: PayingParts, { state, nextAttemptAtMs }: Obligation): boolean {
  return state === 'approved' && (nextAttemptAtMs ?? 0) <= clock.now();
}

async function prefundOf({ ledger }: PayingParts, { participant }: Obligation): Promise<bigint> {
  const platformId = participant as PlatformId;
  return (await ledger.listMoney([platformId])).get(platformId)?.prefund ?? 0n;
}

function shortage({ ledger }: PayingParts, missing: bigint, taken: bigint): Problem {
  const { scale } = ledger.settlementAsset();
  return ledgerProblems.insufficient_prefund(
    `${formatAmountText(missing, scale)} are ` +
      `missing${taken > 0n ? `; ${formatAmountText(taken, scale)} were taken` : ''}.`,
  );
}

function textOf({ code, detail }: Problem): string {
  return `${code}: ${detail}`;
}

/**
 * Records what is paid now. A window with nothing outstanding is settled, or closed again when all
 * was given back.
 */
async function end(parts: PayingParts, windowId: number): Promise<boolean> {
  return dbTransaction(parts.pool, async (client) => {
    await lockWindows(client);
    const window = await selectWindow(client, windowId);
    const obligations = await selectObligations(client, windowId);
    for (const each of obligations)
      if (each.amount === each.paid && each.state === 'approved') await markPaid(client, each);
    if (
      window === undefined ||
      obligations.some((each) => each.amount !== each.paid || hasPlanned(each))
    )
      return false;
    const nowMs = parts.clock.now();
    await closeActs(client, windowId, nowMs);
    const platforms = (await selectPoints(client)).map(({ platformId }) => platformId);
    if (isIn(window, 'settling')) {
      await moveWindow<'settle'>(client, window, 'settle', { settledAtMs: nowMs });
      await appendEvents(client, windowSettled(windowId, platforms), nowMs);
      return true;
    }
    if (!isIn(window, 'aborting')) return false;
    await deleteObligations(client, windowId);
    await moveWindow<'unwind'>(client, window, 'unwind', {
      proposedBy: null,
      proposedAtMs: null,
      approvedBy: null,
      approvedAtMs: null,
    });
    await appendEvents(client, settlementAborted(windowId, platforms), nowMs);
    return true;
  });
}
