// Writes the journal as text for other programs: as double-entry for hledger and similar programs,
// or as CSV with one entry a line.

import type { Pool } from '../runtime/database.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId, type TransactionId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import {
  withJournalSnapshot,
  type Commodity,
  type JournalRow,
  type JournalSnapshot,
} from './journal-rows.ts';
import type { JournalFormat } from './options.ts';

/**
 * Takes the next text, and resolves when it can take more. So a journal is never in memory as a
 * whole.
 */
export type WriteText = (text: string) => Promise<void>;

const CHUNK_CHARACTERS = 64 * 1024;
/** Most postings in one closing entry. */
const ASSERTIONS = 500;

/** Exports everything that was committed when it began. Returns the number of rows and entries. */
export async function exportJournal(
  pool: Pool,
  format: JournalFormat,
  write: WriteText,
): Promise<{ readonly rows: number; readonly entries: number }> {
  const lines = format === 'csv' ? csvLines : hledgerLines;
  return withJournalSnapshot(pool, async (journal) => {
    const count = { rows: 0, entries: 0 };
    let chunk = '';
    for await (const text of lines(journal, count)) {
      chunk += text;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      await write(chunk);
      chunk = '';
    }
    await write(chunk);
    return count;
  });
}

interface Count {
  rows: number;
  entries: number;
}

/**
 * The journal for hledger. Pending movements are virtual postings that balance among themselves;
 * `hledger --real` leaves them out.
 */
async function* hledgerLines(journal: JournalSnapshot, count: Count): AsyncGenerator<string> {
  yield (
    '; Journal of a Pontis network. Dates are posting dates (UTC). A sign shows the change of ' +
    'the account.\n\n'
  );
  for (const { code, scale } of journal.commodities)
    yield `commodity 1000.${'0'.repeat(scale)} ${quote(code)}\n`;
  yield '\n';
  for await (const { account, pending } of journal.accounts()) {
    yield `account ${accountName(account)}\n`;
    if (pending) yield `account pending:${accountName(account)}\n`;
  }
  yield '\n';
  let lastDay = '0001-01-01';
  for await (const row of journal.rows()) {
    count.rows += 1;
    count.entries += row.entries.length;
    if (row.entries.length === 0) continue;
    const day = formatMoment(row.postedAt).slice(0, 10);
    if (day > lastDay) lastDay = day;
    yield hledgerTransaction(row, day);
  }
  // The balances by the accounts' own counters. hledger compares them with its sums.
  let index = 0;
  for await (const { account, commodity, balance } of journal.accounts()) {
    if (index % ASSERTIONS === 0) yield `\n${lastDay} * balances of the accounts\n`;
    yield (
      `    ${accountName(account)}  ${amountOf(0n, commodity)} = ` +
      `${amountOf(balance, commodity)}\n`
    );
    index += 1;
  }
}

function hledgerTransaction(row: JournalRow, day: string): string {
  const id = formatId('txn', row.transactionId as TransactionId);
  const description =
    row.reference === null ? row.kind : `${row.kind} | ${plainText(row.reference)}`;
  const occurred = row.occurredAt === null ? '' : `, occurred:${formatMoment(row.occurredAt)}`;
  const postings = row.entries.map(({ account, layer, amount, commodity }) => {
    const name = layer === 'p' ? accountName(account) : `[pending:${accountName(account)}]`;
    return `    ${name}  ${amountOf(amount, commodity)}\n`;
  });
  return (
    `${day} * (${id}) ${description}\n    ; bucket:${row.bucket}, sequence:${row.sequence}, ` +
    `leg:${row.leg}${occurred}\n${postings.join('')}\n`
  );
}

function amountOf(amount: bigint, { code, scale }: Commodity): string {
  return `${formatAmountText(amount, scale)} ${quote(code)}`;
}

function quote(code: string): string {
  return `"${plainText(code).replaceAll('"', "'")}"`;
}

/** An account name. In hledger a name ends at two spaces, and brackets around it have a meaning. */
function accountName(name: string): string {
  return plainText(name).replace(/[[\]()]/g, '_');
}

/** A caller's text without characters that end a line or begin a comment. */
function plainText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(';', ',')
    .replaceAll('|', '/')
    .replace(/\s+/g, ' ')
    .trim();
}

const CSV_COLUMNS = [
  'bucket',
  'sequence',
  'position',
  'transaction_id',
  'leg',
  'kind',
  'posted_at',
  'occurred_at',
  'member_id',
  'related_id',
  'reference',
  'account_id',
  'account',
  'layer',
  'amount',
  'balance_after',
  'commodity',
] as const;

async function* csvLines(journal: JournalSnapshot, count: Count): AsyncGenerator<string> {
  yield `${CSV_COLUMNS.join(',')}\r\n`;
  for await (const row of journal.rows()) {
    count.rows += 1;
    const head = [row.bucket, row.sequence];
    const common = [
      formatId('txn', row.transactionId as TransactionId),
      row.leg,
      row.kind,
      formatMoment(row.postedAt),
      formatMoment(row.occurredAt) ?? '',
      row.memberId,
      row.relatedId === null ? '' : formatId('txn', row.relatedId as TransactionId),
      row.reference ?? '',
    ];
    for (const [
      index,
      { accountId, account, layer, amount, balanceAfter, commodity },
    ] of row.entries.entries()) {
      count.entries += 1;
      const fields = [
        ...head,
        index + 1,
        ...common,
        accountId,
        account,
        layer,
        formatAmountText(amount, commodity.scale),
        formatAmountText(balanceAfter, commodity.scale),
        commodity.code,
      ];
      yield `${fields.map(csvField).join(',')}\r\n`;
    }
  }
}

/** A field by RFC 4180. */
function csvField(value: string | number | bigint): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
