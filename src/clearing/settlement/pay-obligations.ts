// Pays what was approved: one ledger transaction for each obligation, under a key that the obligation gives it, so that whoever goes on after a
// crash posts nothing twice. Payers come first, and nobody is paid before all of them have paid. The ledger decides: what would take a position
// beyond its cap, or a prefund below zero, it refuses, and it is asked again later. Before this: `propose-settlement.ts`.

import type { MemberId, PlatformId } from '../../kernel/ids.ts';
import type { PostedLeg, SettleCommand } from '../../ledger/ledger.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../runtime/feed.ts';
import { keyOf, ownerOf, paymentIdOf } from './participants.ts';
import type { SettlementParts } from './parts.ts';
import { windowSettled } from './settlement-events.ts';
import { isIn } from './states.ts';
import { lockWindows, moveWindow, noteRefusal, payObligation, selectObligations, selectPayable, selectWindow } from './store.ts';
import { selectPoints } from './store-ledger.ts';
import { NETWORK, type Obligation } from './types.ts';

/** How long until the ledger is asked again for what it refused. */
const AGAIN_MS = 30_000;

/** All obligations that are due, and the end of windows whose last one is paid; true when there may be more at once. Several processes may do it. */
export async function payDue(parts: SettlementParts): Promise<boolean> {
  let moved = false;
  for (const windowId of await selectPayable(parts.pool, parts.clock.now())) moved = (await payWindow(parts, windowId)) || moved;
  return moved;
}

/** True when the window is settled now. */
export async function payWindow(parts: SettlementParts, windowId: number): Promise<boolean> {
  const obligations = await selectObligations(parts.pool, windowId);
  for (const obligation of obligations) {
    const receives = obligation.amount > 0n;
    if (obligation.state !== 'approved' || (obligation.nextAttemptAtMs ?? 0) > parts.clock.now()) continue;
    if (receives && (await hasUnpaidPayer(parts, windowId))) continue;
    await pay(parts, obligation);
  }
  return settleWhenPaid(parts, windowId);
}

async function hasUnpaidPayer({ pool }: SettlementParts, windowId: number): Promise<boolean> {
  return (await selectObligations(pool, windowId)).some(({ amount, state }) => amount < 0n && state !== 'paid');
}

async function pay(parts: SettlementParts, obligation: Obligation): Promise<void> {
  const { ledger, pool, clock, log } = parts;
  const outcome = await ledger.submit(toCommand(obligation));
  const posted = outcome.ok ? outcome.transaction : await findPayment(parts, obligation);
  if (posted !== undefined) {
    await payObligation(pool, obligation, posted);
    if (obligation.paidFrom === 'prefund' && obligation.participant !== NETWORK) await parts.prefundMoved?.(obligation.participant as PlatformId);
    return;
  }
  if (outcome.ok) return;
  const { code, detail } = outcome.problem;
  log.warn({ window_id: obligation.windowId, participant: obligation.participant, code }, 'an obligation could not be settled and is tried again');
  return noteRefusal(pool, obligation, `${code}: ${detail}`, clock.now() + AGAIN_MS);
}

/** It may have been posted in another way before that way was changed: then that is how it is paid. */
async function findPayment({ ledger }: SettlementParts, obligation: Obligation): Promise<PostedLeg | undefined> {
  const [posted] = await ledger.findTransaction(paymentIdOf(obligation, ledger.bucketCount()));
  return posted;
}

function toCommand({ windowId, participant, basis, amount, paidFrom, bankReference, approvedBy, proposedBy }: Obligation): SettleCommand {
  return {
    kind: 'settle', platformId: participant as PlatformId, memberId: ownerOf(participant) as MemberId, key: keyOf({ windowId, participant, basis }), amount, from: paidFrom,
    ...(bankReference === null ? {} : { reference: bankReference }),
    details: { window_id: windowId, basis, proposed_by: proposedBy, approved_by: approvedBy },
  };
}

async function settleWhenPaid(parts: SettlementParts, windowId: number): Promise<boolean> {
  return dbTransaction(parts.pool, async (client) => {
    await lockWindows(client);
    const window = await selectWindow(client, windowId);
    if (window === undefined || !isIn(window, 'settling') || (await selectObligations(client, windowId)).some(({ state }) => state !== 'paid')) return false;
    await moveWindow<'settle'>(client, window, 'settle', { settledAtMs: parts.clock.now() });
    await appendEvents(client, windowSettled(windowId, (await selectPoints(client)).map(({ platformId }) => platformId)), parts.clock.now());
    return true;
  });
}
