// A window with all its figures, and the settings of settlement, as JSON for operators.

import { formatAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  type StatementSource,
  NETWORK,
  type Participant,
  type SettlementAct,
  type SettlementSettings,
  type SettlementWindow,
} from '../clearing/settlement/settlement.ts';
import { describePart } from './statement.ts';

const isoOf = (atMs: number | null): string | null =>
  atMs === null ? null : new Date(atMs).toISOString();

export function describeWindow(window: SettlementWindow) {
  return {
    window_id: window.windowId,
    state: window.state,
    opened_at: new Date(window.openedAtMs).toISOString(),
    closed_at: isoOf(window.closedAtMs),
    closed_by: window.closedBy,
    counted_at: isoOf(window.countedAtMs),
    mismatch: window.mismatch,
    proposed_by: window.proposedBy,
    proposed_at: isoOf(window.proposedAtMs),
    approved_by: window.approvedBy,
    approved_at: isoOf(window.approvedAtMs),
    settled_at: isoOf(window.settledAtMs),
  };
}

export function describeAct({
  actId,
  kind,
  participants,
  reason,
  state,
  proposedBy,
  proposedAtMs,
  decidedBy,
  decidedAtMs,
}: SettlementAct) {
  return {
    act_id: actId,
    kind,
    participants: [...participants] as string[],
    reason,
    state,
    proposed_by: proposedBy,
    proposed_at: new Date(proposedAtMs).toISOString(),
    decided_by: decidedBy,
    decided_at: isoOf(decidedAtMs),
  };
}

export function describeWindowFigures(
  { window, nets, pairs, carveOuts, obligations, carried, acts }: StatementSource,
  ledger: Pick<Ledger, 'settlementAsset' | 'pointsOf'>,
) {
  const { scale, code } = ledger.settlementAsset();
  const money = (minor: bigint): number => formatAmount(minor, scale);
  const points = (minor: bigint, platformId: Participant): number =>
    formatAmount(minor, platformId === NETWORK ? scale : (ledger.pointsOf(platformId)?.scale ?? 0));
  return {
    ...describeWindow(window),
    currency: code,
    nets: nets.map((net) => ({
      participant: net.participant,
      opening_position: money(net.opening),
      net: money(net.net),
      paid_meanwhile: money(net.paid),
      closing_position: money(net.closing),
    })),
    pairs: pairs.map((pair) => ({
      source_platform: pair.source,
      target_platform: pair.target,
      kind: pair.kind,
      transactions: Number(pair.transactions),
      amount: points(pair.amount, pair.source),
      credited_amount: points(pair.credited, pair.target),
      owed: money(pair.owed),
      due: money(pair.due),
    })),
    disputed: carveOuts.map((carved) => ({
      transaction_id: formatId('txn', carved.transactionId),
      effect: carved.direction === 'out' ? ('left_out' as const) : ('came_back' as const),
      source_platform: carved.source,
      target_platform: carved.target,
      amount: points(carved.amount, carved.source),
      source_money: money(carved.sourceEffect),
      target_money: money(carved.targetEffect),
    })),
    carried_over: carried.map((over) => ({
      window_id: over.windowId,
      to_window_id: over.toWindowId,
      left_out: over.leftOut,
      participant: over.participant as string,
      basis: over.basis,
      amount: money(over.amount),
    })),
    acts: acts.map(describeAct),
    change_proposed_by:
      window.state === 'settling' || window.state === 'aborting'
        ? (obligations.find(({ state }) => state === 'proposed')?.proposedBy ?? null)
        : null,
    obligations: obligations.map((due) => ({
      participant: due.participant,
      basis: due.basis,
      amount: money(due.amount),
      paid: money(due.paid),
      state: due.state,
      from: due.paidFrom,
      bank_reference: due.bankReference,
      parts: due.parts
        .filter(({ state, amount }) => state === 'posted' && amount !== 0n)
        .map((part) => describePart(part, money)),
      proposed_by: due.proposedBy,
      proposed_at: new Date(due.proposedAtMs).toISOString(),
      approved_by: due.approvedBy,
      problem: due.problem,
      transaction_id: due.transactionId === null ? null : formatId('txn', due.transactionId),
      paid_at: isoOf(due.paidAtMs),
    })),
  };
}

export function describeSettings({ schedule, grossPairs }: SettlementSettings) {
  return {
    daily_at: schedule.kind === 'daily' ? schedule.at : null,
    every_minutes: schedule.kind === 'every' ? schedule.minutes : null,
    gross_pairs: grossPairs.map(([a, b]) => [a as string, b as string]),
  };
}
