// Sends a statement, and the transactions of its window, in the requested format.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import {
  TRANSACTION_CURSOR,
  type Settlement,
  type Statement,
} from '../../clearing/settlement/settlement.ts';
import {
  describeStatement,
  describeTransactions,
  StatementView,
  WindowTransactionsView,
} from '../../views/statement.ts';
import { STATEMENT_LANGUAGES } from '../../views/statement-words.ts';
import {
  statementCsv,
  TRANSACTION_CSV_HEADER,
  transactionsCsv,
} from '../../views/statement-csv.ts';
import { statementHtml } from '../../views/statement-html.ts';
import { languageFor } from '../rewards/language.ts';
import { problemResponses } from '../schemas.ts';

/** Query parameters of a statement. */
export const statementQuery = {
  format: Type.Optional(
    Type.Enum(['json', 'csv', 'html'], {
      description: 'json when absent; csv follows RFC 4180; html can be printed on A4.',
    }),
  ),
  lang: Type.Optional(
    Type.Enum([...STATEMENT_LANGUAGES], {
      description: 'Language of the printed page; when absent, Accept-Language decides.',
    }),
  ),
};

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
/** Query parameters of the transactions of a window. */
export const transactionsQuery = {
  format: Type.Optional(
    Type.Enum(['json', 'csv'], {
      description: 'json (default) in pages; csv with all transactions at once.',
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

const TEXT = { schema: { type: 'string' } };
/** The documented answers of a statement. */
export const statementResponses = {
  200: {
    description: 'The statement.',
    content: { 'application/json': { schema: StatementView }, 'text/csv': TEXT, 'text/html': TEXT },
  },
  ...problemResponses,
};
/** The documented answers of the transactions of a window. */
export const transactionsResponses = {
  200: {
    description: 'The transactions.',
    content: { 'application/json': { schema: WindowTransactionsView }, 'text/csv': TEXT },
  },
  ...problemResponses,
};

type StatementQuery = {
  readonly [Name in keyof typeof statementQuery]?: Static<(typeof statementQuery)[Name]>;
};

/**
 * Sends the statement as JSON, CSV or HTML. `nowMs` is the time of printing, in Unix milliseconds.
 */
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

/** Sends one page as JSON, or all transactions as a stream of CSV. */
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

/** Reads page by page, so that memory does not grow with the window. */
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
