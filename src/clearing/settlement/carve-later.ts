// Leaves out of a window what is disputed after its payment was proposed: all of it before the
// approval; while the window is being paid, as far as its receiver has not been paid.

import { type DbClient, dbTransaction } from '../../runtime/database.ts';
import type { Frozen } from '../disputes/disputes.ts';
import { decideLateOuts, decideOuts } from './carve-out.ts';
import { findFrozenRows } from './frozen-rows.ts';
import { carriedDues, decideObligations, type Due } from './obligations.ts';
import type { SettlementParts } from './parts.ts';
import { isIn } from './states.ts';
import { lockWindows, selectWindow } from './store-windows.ts';
import { addCarveOuts, selectCarveOuts, selectCarveOutsOf } from './store-carve-outs.ts';
import { selectNets } from './store-nets.ts';
import { selectPairs } from './store-pairs.ts';
import { selectSettings } from './store-settings.ts';
import { approveObligation, insertObligation, selectObligations } from './store-obligations.ts';
import { selectPoints } from './store-ledger.ts';
import { changeObligation, deleteObligation, selectCarried } from './store-payments.ts';
import {
  NET,
  NETWORK,
  type CarveOut,
  type Obligation,
  type ObligationKey,
  type Participant,
  type SettlementWindow,
} from './types.ts';

/** For a window that is being paid, under the lock of its payment. */
export async function carveLater(parts: SettlementParts, windowId: number): Promise<void> {
  const frozen = await parts.listFrozen();
  if (frozen.length === 0) return;
  await dbTransaction(parts.pool, async (client) => {
    await lockWindows(client);
    const window = await selectWindow(client, windowId);
    if (window === undefined || !isIn(window, 'settling')) return;
    const fresh = await findFreshOuts(client, parts, windowId, frozen);
    if (fresh.length === 0) return;
    const obligations = await selectObligations(client, windowId);
    const changing = new Changing(obligations);
    const carved: CarveOut[] = [];
    decideLateOuts(
      fresh,
      ({ source, target }) => changing.roomOf(target, basisOf(obligations, source, target)),
      (one) => {
        carved.push(one);
        changing.leaveOut(one, basisOf(obligations, one.source, one.target));
      },
    );
    const nowMs = parts.clock.now();
    await addCarveOuts(client, carved, nowMs);
    await writeAmounts(client, window, obligations, changing.amounts(), nowMs);
  });
}

/** Transactions of the window that are disputed now and not left out yet. */
export async function findFreshOuts(
  client: DbClient,
  { ledger }: SettlementParts,
  windowId: number,
  frozen: readonly Frozen[],
): Promise<CarveOut[]> {
  const rows = await findFrozenRows(client, frozen, ledger, await selectPoints(client));
  return decideOuts(
    windowId,
    rows,
    await selectCarveOutsOf(
      client,
      rows.map(({ rowId }) => rowId),
    ),
  );
}

/** Everybody's obligations for a window of which nothing is paid. */
export async function dueOf(
  client: DbClient,
  windowId: number,
  fresh: readonly CarveOut[],
): Promise<Due[]> {
  const { grossPairs } = await selectSettings(client);
  return decideObligations(
    await selectNets(client, windowId),
    await selectPairs(client, windowId),
    [...(await selectCarveOuts(client, windowId)), ...fresh],
    (a, b) => grossPairs.some((pair) => pair.includes(a) && pair.includes(b)),
    carriedDues(windowId, await selectCarried(client, windowId)),
  );
}

/**
 * Gives obligations their new amounts: removes those that come to zero and had no payment, and adds
 * missing ones, out of or into the prefund.
 */
export async function writeAmounts(
  client: DbClient,
  window: SettlementWindow,
  obligations: readonly Obligation[],
  dues: readonly Due[],
  nowMs: number,
): Promise<void> {
  const { windowId, proposedBy, approvedBy } = window;
  for (const before of obligations) {
    const amount = dues.find((due) => isSame(due, before))?.amount ?? 0n;
    if (
      amount === 0n &&
      before.paid === 0n &&
      before.parts.every(({ state }) => state === 'posted')
    )
      await deleteObligation(client, before);
    else if (amount !== before.amount) await changeObligation(client, before, amount);
  }
  for (const { participant, basis, amount } of dues) {
    if (amount === 0n || obligations.some((before) => isSame(before, { participant, basis })))
      continue;
    const due = {
      windowId,
      participant,
      basis,
      amount,
      paidFrom: participant === NETWORK ? 'outside' : 'prefund',
      bankReference: null,
      proposedBy: proposedBy ?? '',
    } as const;
    await insertObligation(client, due, nowMs);
    if (approvedBy !== null) await approveObligation(client, due, approvedBy, nowMs);
  }
}

/** The amounts of obligations while they are being changed. */
class Changing {
  readonly #dues = new Map<
    string,
    { participant: Participant; basis: string; amount: bigint; readonly paid: bigint }
  >();

  constructor(obligations: readonly Obligation[]) {
    for (const { participant, basis, amount, paid, parts } of obligations) {
      // A planned part counts as paid.
      const planned = parts.reduce(
        (sum, part) => (part.state === 'planned' ? sum + part.amount : sum),
        paid,
      );
      this.#dues.set(`${participant} ${basis}`, { participant, basis, amount, paid: planned });
    }
  }

  /**
   * How much less a receiver may be due. No bound before it was paid or has paid anything, nor
   * while it still owes; otherwise what it is still to be paid.
   */
  roomOf(participant: Participant, basis: string): bigint | undefined {
    const due = this.#dues.get(`${participant} ${basis}`);
    if (due === undefined || due.paid === 0n || due.amount < due.paid) return undefined;
    return due.amount - due.paid;
  }

  leaveOut({ source, target, sourceEffect, targetEffect }: CarveOut, basis: string): void {
    this.#add(source, basis, -sourceEffect);
    this.#add(target, basis, -targetEffect);
    this.#add(NETWORK, NET, sourceEffect + targetEffect);
  }

  amounts(): Due[] {
    return [...this.#dues.values()];
  }

  #add(participant: Participant, basis: string, amount: bigint): void {
    const due = this.#dues.get(`${participant} ${basis}`) ?? {
      participant,
      basis,
      amount: 0n,
      paid: 0n,
    };
    due.amount += amount;
    this.#dues.set(`${participant} ${basis}`, due);
  }
}

/** A pair is settled gross in a window that has an obligation of it. */
export function basisOf(
  obligations: readonly ObligationKey[],
  source: Participant,
  target: Participant,
): string {
  const isGross = obligations.some(
    ({ basis }) => basis === `${source}>${target}` || basis === `${target}>${source}`,
  );
  return isGross ? `${source}>${target}` : NET;
}

function isSame(a: ObligationKey, b: ObligationKey): boolean {
  return a.participant === b.participant && a.basis === b.basis;
}
