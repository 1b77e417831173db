// A statement as one table for a spreadsheet, with sections for figures, pairs, disputed
// transactions, amounts carried over and payments; and its transactions as another table.

import { formatAmountText } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { csvLine, csvText, type CsvField } from './csv.ts';
import type { StatementTransaction, Statement } from '../clearing/settlement/settlement.ts';

const COLUMNS = [
  'section',
  'item',
  'counterpart',
  'transactions',
  'points',
  'counterpart_points',
  'amount',
  'currency',
  'transaction_id',
  'state',
  'reference',
] as const;
type Row = Partial<Readonly<Record<(typeof COLUMNS)[number], CsvField>>>;

const FIGURES = [
  'opening',
  'net',
  'paid',
  'closing',
  'toSettle',
  'settled',
  'outstanding',
] as const;
const FIGURE_NAMES: Readonly<Record<(typeof FIGURES)[number], string>> = {
  opening: 'opening_position',
  net: 'net',
  paid: 'paid_meanwhile',
  closing: 'closing_position',
  toSettle: 'to_settle',
  settled: 'settled',
  outstanding: 'outstanding',
};

/** Writes a statement as one CSV table. */
export function statementCsv(statement: Statement): string {
  const { currency, points, pointsOf } = statement;
  const money = (minor: bigint): Pick<Row, 'amount' | 'currency'> => ({
    amount: formatAmountText(minor, currency.scale),
    currency: currency.code,
  });
  const rows: Row[] = [
    {
      section: 'statement',
      item: 'window',
      reference: String(statement.windowId),
      state: statement.state,
    },
    { section: 'statement', item: 'platform', reference: statement.platformId },
    {
      section: 'statement',
      item: 'opened_at',
      reference: formatMoment(statement.openedAtMs),
    },
    {
      section: 'statement',
      item: 'closed_at',
      reference: formatMoment(statement.closedAtMs),
    },
    ...(statement.paidAtMs === null
      ? []
      : [
          {
            section: 'statement',
            item: 'paid_on',
            reference: formatMoment(statement.paidAtMs),
          },
        ]),
    ...FIGURES.map((name): Row => ({
      section: 'figures',
      item: FIGURE_NAMES[name],
      ...money(statement[name]),
    })),
    ...statement.lines.map((line): Row => ({
      section: 'pairs',
      item: `${line.kind}_${line.direction}`,
      counterpart: line.counterpart,
      transactions: line.transactions,
      points: formatAmountText(line.ownPoints, points.scale),
      counterpart_points: formatAmountText(line.otherPoints, pointsOf(line.counterpart).scale),
      ...money(line.money),
    })),
    ...statement.carveOuts.map((carved): Row => ({
      section: 'disputed',
      item: carved.direction === 'out' ? 'left_out' : 'came_back',
      counterpart: carved.counterpart,
      transactions: 1,
      [carved.source === statement.platformId ? 'points' : 'counterpart_points']: formatAmountText(
        carved.points,
        pointsOf(carved.source).scale,
      ),
      ...money(carved.money),
      transaction_id: formatId('txn', carved.transactionId),
    })),
    ...statement.carried.map((over): Row => ({
      section: 'carried_over',
      item: over.direction === 'out' ? 'went_over' : 'came_over',
      counterpart: over.leftOut,
      ...money(over.money),
      reference: String(over.otherWindowId),
    })),
    ...statement.obligations.map((due): Row => ({
      section: 'payments',
      item: due.pair === undefined ? 'net' : 'gross',
      counterpart:
        due.pair === undefined
          ? ''
          : due.pair.source === statement.platformId
            ? due.pair.target
            : due.pair.source,
      ...money(due.amount),
      transaction_id: due.transactionId === null ? '' : formatId('txn', due.transactionId),
      state: due.state,
      reference: csvText(due.bankReference ?? due.paidFrom),
    })),
    ...statement.obligations.flatMap((due) =>
      due.parts.map((part): Row => ({
        section: 'part_payments',
        item: part.postedAtMs === null ? '' : formatMoment(part.postedAtMs),
        counterpart:
          due.pair === undefined
            ? ''
            : due.pair.source === statement.platformId
              ? due.pair.target
              : due.pair.source,
        ...money(part.amount),
        transaction_id: part.transactionId === null ? '' : formatId('txn', part.transactionId),
        state: 'paid',
        reference: csvText(part.bankReference ?? part.paidFrom),
      })),
    ),
  ];
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column] ?? ''))]
    .map(csvLine)
    .join('');
}

/** The heading of the table that `transactionsCsv` writes. */
export const TRANSACTION_CSV_HEADER = csvLine([
  'transaction_id',
  'kind',
  'posted_at',
  'direction',
  'counterpart',
  'points',
  'counterpart_points',
  'amount',
  'currency',
  'related_transaction_id',
]);

/** Writes the transactions of a window as CSV rows, without the heading. */
export function transactionsCsv(
  { currency, points, pointsOf }: Pick<Statement, 'currency' | 'points' | 'pointsOf'>,
  transactions: readonly StatementTransaction[],
): string {
  return transactions
    .map((row) =>
      csvLine([
        formatId('txn', row.transactionId),
        row.kind,
        formatMoment(row.postedAtMs),
        row.direction,
        row.counterpart,
        formatAmountText(row.ownPoints, points.scale),
        row.otherPoints === null
          ? null
          : formatAmountText(row.otherPoints, pointsOf(row.counterpart).scale),
        formatAmountText(row.money, currency.scale),
        currency.code,
        row.relatedId === null ? null : formatId('txn', row.relatedId),
      ]),
    )
    .join('');
}
