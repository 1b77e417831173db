// A settlement window as lines for people.

import {
  NETWORK,
  type Participant,
  type StatementSource,
} from '../clearing/settlement/settlement.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { printable, tableLines } from './table.ts';

export function windowLines(
  { window, nets, pairs, carveOuts, obligations, carried, acts }: StatementSource,
  ledger: Pick<Ledger, 'settlementAsset' | 'pointsOf'>,
): string[] {
  const { scale, code } = ledger.settlementAsset();
  const money = (minor: bigint): string => formatAmountText(minor, scale);
  const points = (minor: bigint, platformId: Participant): string =>
    formatAmountText(
      minor,
      platformId === NETWORK ? scale : (ledger.pointsOf(platformId)?.scale ?? 0),
    );
  const head = [
    `window      ${window.windowId}, ${window.state}`,
    `opened at   ${momentText(window.openedAtMs)}`,
  ];
  if (window.closedAtMs !== null)
    head.push(
      `closed at   ${momentText(window.closedAtMs)} by ` +
        `${window.closedBy}${window.countedAtMs === null ? '; its pairs are being counted' : ''}`,
    );
  if (window.mismatch !== null) head.push(`MISMATCH    ${window.mismatch}`);
  const next = `; another operator: pontis windows approve ${window.windowId}`;
  if (window.proposedBy !== null) {
    const decided = window.approvedBy === null ? next : `, approved by ${window.approvedBy}`;
    head.push(`proposed    by ${window.proposedBy}${decided}`);
  }
  const changed =
    window.state === 'settling' || window.state === 'aborting'
      ? obligations.find(({ state }) => state === 'proposed')
      : undefined;
  if (changed !== undefined) head.push(`changed     by ${changed.proposedBy}${next}`);
  for (const act of acts.filter(({ state }) => state === 'open')) {
    head.push(
      `${act.kind.replace('_', ' ').padEnd(11)} ${act.participants.join(' ')} proposed by ` +
        `${act.proposedBy}: ${printable(act.reason)}; another operator: pontis windows approve ` +
        `${window.windowId} ${act.actId}`,
    );
  }
  if (window.settledAtMs !== null) head.push(`settled at  ${momentText(window.settledAtMs)}`);
  const section = (
    title: string,
    columns: readonly string[],
    rows: readonly (readonly string[])[],
  ): string[] =>
    rows.length === 0 ? [] : ['', `${title} (${code})`, ...tableLines([columns, ...rows])];
  return [
    ...head,
    ...section(
      'Positions',
      ['participant', 'opening', 'net', 'paid', 'closing'],
      nets.map((net) => [
        net.participant,
        ...[net.opening, net.net, net.paid, net.closing].map(money),
      ]),
    ),
    ...section(
      'Pairs',
      ['source', 'target', 'kind', 'number', 'points', 'credited', 'owed', 'due'],
      pairs.map((pair) => [
        pair.source,
        pair.target,
        pair.kind,
        String(pair.transactions),
        points(pair.amount, pair.source),
        points(pair.credited, pair.target),
        money(pair.owed),
        money(pair.due),
      ]),
    ),
    ...section(
      'Disputed',
      ['transaction_id', 'effect', 'source', 'target', 'points', 'of source', 'of target'],
      carveOuts.map((carved) => [
        formatId('txn', carved.transactionId),
        carved.direction === 'out' ? 'left out' : 'came back',
        carved.source,
        carved.target,
        points(carved.amount, carved.source),
        money(carved.sourceEffect),
        money(carved.targetEffect),
      ]),
    ),
    ...section(
      'Carried over',
      ['from', 'to', 'left out', 'participant', 'amount'],
      carried.map((over) => [
        String(over.windowId),
        String(over.toWindowId),
        over.leftOut,
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
        due.paidFrom,
        printable(due.bankReference ?? ''),
        printable(due.problem ?? ''),
      ]),
    ),
  ];
}

function momentText(atMs: number): string {
  return new Date(atMs).toISOString();
}
