// A statement, and the transactions behind it, in the form that was asked for.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import {
  TRANSACTION_CURSOR,
  type Settlement,
  type Statement,
} from '../../clearing/settlement/settlement.ts';
import { describeStatement, describeTransactions } from '../../views/statement.ts';
import { STATEMENT_LANGUAGES } from '../../views/statement-words.ts';
import {
  statementCsv,
  TRANSACTION_CSV_HEADER,
  transactionsCsv,
} from '../../views/statement-csv.ts';
import { statementHtml } from '../../views/statement-html.ts';
import { languageFor } from '../rewards/language.ts';
import { problemResponses } from '../schemas.ts';
import { PartView } from '../../views/window.ts';

export const statementQuery = {
  format: Type.Optional(
    Type.Enum(['json', 'csv', 'html'], {
      description: 'json when absent; csv by RFC 4180; html to be printed on A4.',
    }),
  ),
  lang: Type.Optional(
    Type.Enum([...STATEMENT_LANGUAGES], {
      description: 'Language of the printed page; as Accept-Language prefers when absent.',
    }),
  ),
};

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
export const transactionsQuery = {
  format: Type.Optional(
    Type.Enum(['json', 'csv'], {
      description: 'json in pages when absent; csv all at once, however many.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: TRANSACTION_CURSOR.source,
      description: 'next_cursor of an earlier answer.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST,
      description: `${DEFAULT_LIMIT} when absent; not for csv.`,
    }),
  ),
};

const Nullable = Type.Union([Type.String(), Type.Null()]);
const Money = Type.Number({
  description: 'In the settlement currency; negative for what you owe or pay.',
});
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
      'net with the money of disputed and carried_over: what you are paid (positive) or pay.',
  }),
  payments: Type.Array(
    Type.Object({
      basis: Type.String({ description: 'net or gross.' }),
      source_platform: Type.Optional(Type.String()),
      target_platform: Type.Optional(Type.String()),
      amount: Money,
      paid: Type.Number({ description: 'What of it is paid, with the same sign.' }),
      parts: Type.Array(PartView, { description: 'Its payments, in order.' }),
      state: Type.String({
        description: 'proposed (waits for another operator), approved, held (taken back) or paid.',
      }),
      changing: Type.Boolean({
        description:
          'It is proposed anew, to be paid in another way; `from` and `bank_reference` are ' +
          'those proposed.',
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
      'When the last payment was made; null before. With nothing outstanding there is nothing ' +
      'left to pay.',
  }),
});

export const TransactionsView = Type.Object({
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

const TEXT = { schema: { type: 'string' } };
export const statementResponses = {
  200: {
    description: 'The statement.',
    content: { 'application/json': { schema: StatementView }, 'text/csv': TEXT, 'text/html': TEXT },
  },
  ...problemResponses,
};
export const transactionsResponses = {
  200: {
    description: 'The transactions.',
    content: { 'application/json': { schema: TransactionsView }, 'text/csv': TEXT },
  },
  ...problemResponses,
};

type StatementQuery = {
  readonly [Name in keyof typeof statementQuery]?: Static<(typeof statementQuery)[Name]>;
};

export function sendStatement(
  request: FastifyRequest,
  reply: FastifyReply,
  statement: Statement,
  { format = 'json', lang }: StatementQuery,
  nowMs: number,
): FastifyReply {
  const name = `settlement-${statement.windowId}-${statement.platformId}`;
  if (format === 'csv')
    return reply
      .type('text/csv; charset=utf-8; header=present')
      .header('content-disposition', `attachment; filename="${name}.csv"`)
      .send(statementCsv(statement));
  if (format === 'json')
    return reply.type('application/json; charset=utf-8').send(describeStatement(statement));
  const language = lang ?? languageFor(request, reply);
  return reply
    .type('text/html; charset=utf-8')
    .header('content-language', language)
    .header('content-security-policy', `default-src 'none'; style-src 'unsafe-inline'`)
    .send(statementHtml(statement, language, nowMs));
}

type TransactionsQuery = {
  readonly [Name in keyof typeof transactionsQuery]?: Static<(typeof transactionsQuery)[Name]>;
};

export async function sendTransactions(
  reply: FastifyReply,
  settlement: Settlement,
  statement: Statement,
  { format = 'json', cursor, limit = DEFAULT_LIMIT }: TransactionsQuery,
): Promise<FastifyReply> {
  const { windowId, platformId } = statement;
  if (format === 'csv') {
    return reply
      .type('text/csv; charset=utf-8; header=present')
      .header(
        'content-disposition',
        `attachment; filename="settlement-${windowId}-${platformId}-transactions.csv"`,
      )
      .send(Readable.from(allAsCsv(settlement, statement, cursor)));
  }
  const page = await settlement.listTransactions(windowId, platformId, cursor, limit);
  return reply.type('application/json; charset=utf-8').send({
    transactions: describeTransactions(statement, page.transactions),
    next_cursor: page.nextCursor,
  });
}

/** Page by page, so that memory does not grow with the window. */
async function* allAsCsv(
  settlement: Settlement,
  statement: Statement,
  from: string | undefined,
): AsyncGenerator<string> {
  yield TRANSACTION_CSV_HEADER;
  for (let cursor: string | null | undefined = from; cursor !== null;) {
    const page = await settlement.listTransactions(
      statement.windowId,
      statement.platformId,
      cursor,
      MOST,
    );
    if (page.transactions.length > 0) yield transactionsCsv(statement, page.transactions);
    cursor = page.nextCursor;
  }
}
