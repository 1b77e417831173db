// A statement, and the transactions behind it, as JSON. Amounts are numbers with the decimals of
// their asset.

import { Type } from 'typebox';
import { formatAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import type { Statement, StatementTransaction } from '../clearing/settlement/settlement.ts';
import { describePartPayment, PartPaymentView } from './part-payment.ts';

const Nullable = Type.Union([Type.String(), Type.Null()]);
const Money = Type.Number({
  description: 'In the settlement currency; negative for an amount that you owe or pay.',
});
/** A platform's statement of one window. */
export const StatementView = Type.Object({
  window_id: Type.Integer(),
  state: Type.String(),
  platform_id: Type.String(),
  platform_name: Type.String(),
  currency: Type.String(),
  opened_at: Nullable,
  closed_at: Nullable,
  settled_at: Nullable,
  opening_position: Money,
  lines: Type.Array(
    Type.Object({
      counterpart: Type.String(),
      direction: Type.String({ description: 'sent or received.' }),
      kind: Type.String({ description: 'conversion, reverse, or adjust for compensations.' }),
      transactions: Type.Integer(),
      points: Type.Number({ description: 'Your points.' }),
      counterpart_points: Type.Number(),
      money: Money,
    }),
    { description: 'Sum of their money is net; empty until statement.ready.' },
  ),
  net: Money,
  paid_meanwhile: Money,
  closing_position: Money,
  disputed: Type.Array(
    Type.Object({
      transaction_id: Type.String(),
      effect: Type.String({ description: 'left_out or came_back.' }),
      counterpart: Type.String(),
      points_of: Type.String(),
      points: Type.Number(),
      money: Money,
    }),
  ),
  carried_over: Type.Array(
    Type.Object({
      effect: Type.String({
        description: 'went_over to a later window, or came_over from an earlier one.',
      }),
      window_id: Type.Integer({ description: 'The other window.' }),
      left_out: Type.String({ description: 'The platform that could not pay and was left out.' }),
      money: Money,
    }),
  ),
  to_settle: Type.Number({
    description:
      'net with the money of disputed and carried_over: you are paid (positive) or pay (negative).',
  }),
  payments: Type.Array(
    Type.Object({
      basis: Type.String({ description: 'net or gross.' }),
      source_platform: Type.Optional(Type.String()),
      target_platform: Type.Optional(Type.String()),
      amount: Money,
      paid: Type.Number({ description: 'The part that is paid, with the same sign.' }),
      parts: Type.Array(PartPaymentView, { description: 'Its payments, in order.' }),
      state: Type.String({
        description: 'proposed (waits for another operator), approved, held (taken back) or paid.',
      }),
      changing: Type.Boolean({
        description:
          'True while another way to pay it is proposed; `from` and `bank_reference` are the ' +
          'proposed ones.',
      }),
      from: Type.String(),
      bank_reference: Nullable,
      transaction_id: Nullable,
      paid_at: Nullable,
    }),
  ),
  settled: Money,
  outstanding: Money,
  paid_on: Type.Union([Type.String(), Type.Null()], {
    description:
      'When the last payment was made; null before. If nothing is outstanding, nothing is left ' +
      'to pay.',
  }),
});

/** A page of the transactions behind a statement. */
export const WindowTransactionsView = Type.Object({
  transactions: Type.Array(
    Type.Object({
      transaction_id: Type.String(),
      kind: Type.String(),
      posted_at: Nullable,
      direction: Type.String(),
      counterpart: Type.String(),
      points: Type.Number(),
      counterpart_points: Type.Union([Type.Number(), Type.Null()]),
      money: Money,
      related_transaction_id: Nullable,
    }),
  ),
  next_cursor: Nullable,
});

/** Shows a platform's statement of one window. */
export function describeStatement(statement: Statement) {
  const { currency, points, pointsOf } = statement;
  const money = (minor: bigint): number => formatAmount(minor, currency.scale);
  return {
    window_id: statement.windowId,
    state: statement.state,
    platform_id: statement.platformId,
    platform_name: statement.platformName,
    currency: currency.code,
    opened_at: formatMoment(statement.openedAtMs),
    closed_at: formatMoment(statement.closedAtMs),
    settled_at: formatMoment(statement.settledAtMs),
    opening_position: money(statement.opening),
    lines: statement.lines.map((line) => ({
      counterpart: line.counterpart,
      direction: line.direction,
      kind: line.kind,
      transactions: Number(line.transactions),
      points: formatAmount(line.ownPoints, points.scale),
      counterpart_points: formatAmount(line.otherPoints, pointsOf(line.counterpart).scale),
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
      points: formatAmount(carved.points, pointsOf(carved.source).scale),
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
      paid_at: formatMoment(due.paidAtMs),
      parts: due.parts.map((part) => describePartPayment(part, money)),
    })),
    settled: money(statement.settled),
    outstanding: money(statement.outstanding),
    paid_on: formatMoment(statement.paidAtMs),
  };
}

/** Shows the transactions behind a statement. */
export function describeTransactions(
  { currency, points, pointsOf }: Pick<Statement, 'currency' | 'points' | 'pointsOf'>,
  transactions: readonly StatementTransaction[],
) {
  return transactions.map((row) => ({
    transaction_id: formatId('txn', row.transactionId),
    kind: row.kind,
    posted_at: formatMoment(row.postedAtMs),
    direction: row.direction,
    counterpart: row.counterpart,
    points: formatAmount(row.ownPoints, points.scale),
    counterpart_points:
      row.otherPoints === null
        ? null
        : formatAmount(row.otherPoints, pointsOf(row.counterpart).scale),
    money: formatAmount(row.money, currency.scale),
    related_transaction_id: row.relatedId === null ? null : formatId('txn', row.relatedId),
  }));
}
