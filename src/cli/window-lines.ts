// Prints a settlement window as lines for people.

import type { Asset, Ledger } from '../ledger/ledger.ts';
import type { describeWindowFigures } from '../views/window.ts';
import { amountText, pointsText } from './amount-text.ts';
import { printable, tableLines } from './table.ts';

type View = ReturnType<typeof describeWindowFigures>;

/** The participant that keeps the remainders of rounding; it has no points of its own. */
const NETWORK = '@network';

export function windowLines(
  window: View,
  ledger: Pick<Ledger, 'settlementAsset' | 'pointsOf'>,
): string[] {
  const currency = ledger.settlementAsset();
  return [...headLines(window), ...figureLines(window, ledger, currency)];
}

function headLines(window: View): string[] {
  const { window_id: id, state } = window;
  const next = `; another operator: pontis windows approve ${id}`;
  const lines = [`window      ${id}, ${state}`, `opened at   ${window.opened_at}`];
  if (window.closed_at !== null)
    lines.push(
      `closed at   ${window.closed_at} by ` +
        `${window.closed_by}${window.counted_at === null ? '; its pairs are being counted' : ''}`,
    );
  if (window.mismatch !== null) lines.push(`MISMATCH    ${window.mismatch}`);
  if (window.proposed_by !== null) {
    const decided = window.approved_by === null ? next : `, approved by ${window.approved_by}`;
    lines.push(`proposed    by ${window.proposed_by}${decided}`);
  }
  if (window.change_proposed_by !== null)
    lines.push(`changed     by ${window.change_proposed_by}${next}`);
  for (const act of window.acts.filter((one) => one.state === 'open')) {
    lines.push(
      `${act.kind.replace('_', ' ').padEnd(11)} ${act.participants.join(' ')} proposed by ` +
        `${act.proposed_by}: ${printable(act.reason)}${next} ${act.act_id}`,
    );
  }
  if (window.settled_at !== null) lines.push(`settled at  ${window.settled_at}`);
  return lines;
}

function figureLines(
  { currency: code, nets, pairs, disputed, carried_over: carried, obligations }: View,
  ledger: Pick<Ledger, 'pointsOf'>,
  currency: Asset,
): string[] {
  const money = (figure: number): string => amountText(figure, currency);
  const points = (figure: number, participant: string): string =>
    participant === NETWORK ? money(figure) : pointsText(ledger, participant, figure);
  const section = (
    title: string,
    columns: readonly string[],
    rows: readonly (readonly string[])[],
  ): string[] =>
    rows.length === 0 ? [] : ['', `${title} (${code})`, ...tableLines([columns, ...rows])];
  return [
    ...section(
      'Positions',
      ['participant', 'opening', 'net', 'paid', 'closing'],
      nets.map((net) => [
        net.participant,
        ...[net.opening_position, net.net, net.paid_meanwhile, net.closing_position].map(money),
      ]),
    ),
    ...section(
      'Pairs',
      ['source', 'target', 'kind', 'number', 'points', 'credited', 'owed', 'due'],
      pairs.map((pair) => [
        pair.source_platform,
        pair.target_platform,
        pair.kind,
        String(pair.transactions),
        points(pair.amount, pair.source_platform),
        points(pair.credited_amount, pair.target_platform),
        money(pair.owed),
        money(pair.due),
      ]),
    ),
    ...section(
      'Disputed',
      ['transaction_id', 'effect', 'source', 'target', 'points', 'of source', 'of target'],
      disputed.map((carved) => [
        carved.transaction_id,
        carved.effect.replace('_', ' '),
        carved.source_platform,
        carved.target_platform,
        points(carved.amount, carved.source_platform),
        money(carved.source_money),
        money(carved.target_money),
      ]),
    ),
    ...section(
      'Carried over',
      ['from', 'to', 'left out', 'participant', 'amount'],
      carried.map((over) => [
        String(over.window_id),
        String(over.to_window_id),
        over.left_out,
        over.participant,
        money(over.amount),
      ]),
    ),
    ...section(
      'Obligations',
      ['participant', 'basis', 'amount', 'paid', 'state', 'from', 'reference', 'problem'],
      obligations.map((due) => [
        due.participant,
        due.basis,
        money(due.amount),
        money(due.paid),
        due.state,
        due.from,
        printable(due.bank_reference ?? ''),
        printable(due.problem ?? ''),
      ]),
    ),
  ];
}
