// A statement, and the transactions behind it, as JSON: amounts as numbers with the decimals of
// what they count.

import { formatAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type {
  Statement,
  StatementTransaction,
  PartPayment,
} from '../clearing/settlement/settlement.ts';

const isoOf = (atMs: number | null): string | null =>
  atMs === null ? null : new Date(atMs).toISOString();

export function describeStatement(statement: Statement) {
  const { currency, points, otherPoints } = statement;
  const money = (minor: bigint): number => formatAmount(minor, currency.scale);
  const scaleOf = (platformId: string): number =>
    (platformId === statement.platformId
      ? points
      : (otherPoints.get(platformId as typeof statement.platformId) ?? points)
    ).scale;
  return {
    window_id: statement.windowId,
    state: statement.state,
    platform_id: statement.platformId,
    platform_name: statement.platformName,
    currency: currency.code,
    opened_at: isoOf(statement.openedAtMs),
    closed_at: isoOf(statement.closedAtMs),
    settled_at: isoOf(statement.settledAtMs),
    opening_position: money(statement.opening),
    lines: statement.lines.map((line) => ({
      counterpart: line.counterpart,
      direction: line.direction,
      kind: line.kind,
      transactions: Number(line.transactions),
      points: formatAmount(line.ownPoints, points.scale),
      counterpart_points: formatAmount(line.otherPoints, scaleOf(line.counterpart)),
      money: money(line.money),
    })),
    net: money(statement.net),
    paid_meanwhile: money(statement.paid),
    closing_position: money(statement.closing),
    disputed: statement.carveOuts.map((carved) => ({
      transaction_id: formatId('txn', carved.transactionId),
      effect: carved.direction === 'out' ? ('left_out' as const) : ('came_back' as const),
      counterpart: carved.counterpart,
      points_of: carved.source,
      points: formatAmount(carved.points, scaleOf(carved.source)),
      money: money(carved.money),
    })),
    carried_over: statement.carried.map((over) => ({
      effect: over.direction === 'out' ? ('went_over' as const) : ('came_over' as const),
      window_id: over.otherWindowId,
      left_out: over.leftOut,
      money: money(over.money),
    })),
    to_settle: money(statement.toSettle),
    payments: statement.obligations.map((due) => ({
      basis: due.pair === undefined ? ('net' as const) : ('gross' as const),
      ...(due.pair === undefined
        ? {}
        : { source_platform: due.pair.source, target_platform: due.pair.target }),
      amount: money(due.amount),
      paid: money(due.paid),
      state: due.state,
      changing: due.changing,
      from: due.paidFrom,
      bank_reference: due.bankReference,
      transaction_id: due.transactionId === null ? null : formatId('txn', due.transactionId),
      paid_at: isoOf(due.paidAtMs),
      parts: due.parts.map((part) => describePart(part, money)),
    })),
    settled: money(statement.settled),
    outstanding: money(statement.outstanding),
    paid_on: isoOf(statement.paidAtMs),
  };
}

/** One payment of an obligation. */
export function describePart(
  { amount, paidFrom, bankReference, transactionId, postedAtMs }: PartPayment,
  money: (minor: bigint) => number,
) {
  return {
    amount: money(amount),
    from: paidFrom,
    bank_reference: bankReference,
    transaction_id: transactionId === null ? null : formatId('txn', transactionId),
    paid_at: isoOf(postedAtMs),
  };
}

export function describeTransactions(
  { currency, points, otherPoints }: Pick<Statement, 'currency' | 'points' | 'otherPoints'>,
  transactions: readonly StatementTransaction[],
) {
  return transactions.map((row) => ({
    transaction_id: formatId('txn', row.transactionId),
    kind: row.kind,
    posted_at: isoOf(row.postedAtMs),
    direction: row.direction,
    counterpart: row.counterpart,
    points: formatAmount(row.ownPoints, points.scale),
    counterpart_points:
      row.otherPoints === null
        ? null
        : formatAmount(row.otherPoints, otherPoints.get(row.counterpart)?.scale ?? points.scale),
    money: formatAmount(row.money, currency.scale),
    related_transaction_id: row.relatedId === null ? null : formatId('txn', row.relatedId),
  }));
}
