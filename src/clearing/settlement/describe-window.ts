// A window with all its figures, and the settings of settlement, as JSON for operators.

import { formatAmount } from '../../kernel/amount.ts';
import { formatId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { StatementSource } from './statement.ts';
import { NETWORK, type Participant, type SettlementSettings, type SettlementWindow } from './types.ts';

const isoOf = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString());

export function describeWindow(window: SettlementWindow) {
  return {
    window_id: window.windowId, state: window.state, opened_at: new Date(window.openedAtMs).toISOString(), closed_at: isoOf(window.closedAtMs), closed_by: window.closedBy,
    counted_at: isoOf(window.countedAtMs), mismatch: window.mismatch, proposed_by: window.proposedBy, proposed_at: isoOf(window.proposedAtMs),
    approved_by: window.approvedBy, approved_at: isoOf(window.approvedAtMs), settled_at: isoOf(window.settledAtMs),
  };
}

export function describeWindowFigures({ window, nets, pairs, carveOuts, obligations }: StatementSource, ledger: Pick<Ledger, 'settlementAsset' | 'pointsOf'>) {
  const { scale, code } = ledger.settlementAsset();
  const money = (minor: bigint): number => formatAmount(minor, scale);
  const points = (minor: bigint, platformId: Participant): number => formatAmount(minor, platformId === NETWORK ? scale : ledger.pointsOf(platformId)?.scale ?? 0);
  return {
    ...describeWindow(window), currency: code,
    nets: nets.map((net) => ({ participant: net.participant, opening_position: money(net.opening), net: money(net.net), paid_meanwhile: money(net.paid), closing_position: money(net.closing) })),
    pairs: pairs.map((pair) => ({
      source_platform: pair.source, target_platform: pair.target, kind: pair.kind, transactions: Number(pair.transactions), amount: points(pair.amount, pair.source),
      credited_amount: points(pair.credited, pair.target), owed: money(pair.owed), due: money(pair.due),
    })),
    disputed: carveOuts.map((carved) => ({
      transaction_id: formatId('txn', carved.transactionId), effect: carved.direction === 'out' ? 'left_out' as const : 'came_back' as const,
      source_platform: carved.source, target_platform: carved.target, amount: points(carved.amount, carved.source), source_money: money(carved.sourceEffect), target_money: money(carved.targetEffect),
    })),
    obligations: obligations.map((due) => ({
      participant: due.participant, basis: due.basis, amount: money(due.amount), state: due.state, from: due.paidFrom, bank_reference: due.bankReference,
      proposed_by: due.proposedBy, approved_by: due.approvedBy, problem: due.problem, transaction_id: due.transactionId === null ? null : formatId('txn', due.transactionId), paid_at: isoOf(due.paidAtMs),
    })),
  };
}

export function describeSettings({ schedule, grossPairs }: SettlementSettings) {
  return {
    daily_at: schedule.kind === 'daily' ? schedule.at : null, every_minutes: schedule.kind === 'every' ? schedule.minutes : null,
    gross_pairs: grossPairs.map(([a, b]) => [a as string, b as string]),
  };
}
