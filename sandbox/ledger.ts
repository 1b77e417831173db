// The platform's own ledger in SQLite: users with balances, and a journal with one row for each
// step of a transaction.

import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { formatPoints } from './points.ts';

/** Kinds of steps in the connector API. */
export type Kind = 'deduct' | 'add' | 'reverse';

/** A step that the network asks for. */
export interface Step {
  readonly userId: string;
  readonly hundredths: bigint;
  readonly transactionId: string;
}

/** An HTTP answer. It is decided here, so that a repeated call gets exactly the same answer. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The platform's ledger. */
export interface Ledger {
  /** Opens an account unless the user already has one. */
  addUser(userId: string, hundredths: bigint): void;
  /**
   * Moves points by the platform's own business, without the network: the user earns or spends
   * points. Returns false when the user does not exist.
   */
  moveOwn(userId: string, hundredths: bigint): Promise<boolean>;
  /** Applies a step once. Resolves when it is on disk. */
  apply(kind: Kind, step: Step): Promise<Answer>;
  findTransaction(transactionId: string): Answer;
  findUser(userId: string): Answer;
  totalHundredths(): bigint;
  /** Steps that moved points after a cursor, oldest first. */
  readStatement(since: bigint, limit: number): Answer;
  close(): void;
}

const SCHEMA = `
create table if not exists user (
  user_id text primary key,
  balance_hundredths integer not null
) strict, without rowid;

-- One row for every decided step, also for refused ones: a repeated call must get the same result.
create table if not exists operation (
  sequence integer primary key autoincrement,
  transaction_id text not null,
  -- other: the platform's own business. It is listed so that the network can explain the total.
  kind text not null check (kind in ('deduct', 'add', 'reverse', 'other')),
  user_id text not null,
  amount_hundredths integer not null check (amount_hundredths > 0),
  moved_hundredths integer not null,
  balance_hundredths integer,
  status integer not null,
  error text,
  recorded_at text not null,
  unique (transaction_id, kind)
) strict;
create index if not exists operation_statement on operation (sequence) where moved_hundredths <> 0;
`;

interface Row {
  readonly sequence: bigint;
  readonly transaction_id: string;
  readonly kind: Kind | 'other';
  readonly user_id: string;
  readonly amount_hundredths: bigint;
  /** The change of the user's balance, signed. */
  readonly moved_hundredths: bigint;
  readonly balance_hundredths: bigint | null;
  readonly status: bigint;
  readonly error: string | null;
  readonly recorded_at: string;
}

type Decision = Pick<Row, 'moved_hundredths' | 'balance_hundredths' | 'error'> & {
  readonly status: number;
};

/** Opens the ledger in a folder, which is created if missing. */
export function openLedger(folder: string): Ledger {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'sandbox.sqlite'), { readBigInts: true });
  // With FULL, a commit in the write-ahead log is on disk before it is acknowledged.
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;',
  );
  database.exec(SCHEMA);

  const selectSteps = database.prepare(
    `select * from operation where transaction_id = ? and kind <> 'other' order by sequence`,
  );
  const selectUser = database.prepare('select balance_hundredths from user where user_id = ?');
  const moveBalance = database.prepare(
    'update user set balance_hundredths = balance_hundredths + ? where user_id = ?',
  );
  const insertStep = database.prepare(`insert into operation
    (transaction_id, kind, user_id, amount_hundredths, moved_hundredths, balance_hundredths, status,
      error, recorded_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const selectStatement = database.prepare(
    'select * from operation where moved_hundredths <> 0 and sequence > ? order by sequence limit ?',
  );
  const sumBalances = database.prepare(
    'select coalesce(sum(balance_hundredths), 0) as total from user',
  );
  const insertUser = database.prepare(
    'insert into user (user_id, balance_hundredths) values (?, ?) on conflict do nothing',
  );

  const stepsOf = (transactionId: string): Row[] =>
    selectSteps.all(transactionId) as unknown as Row[];
  const balanceOf = (userId: string): bigint | undefined =>
    (selectUser.get(userId) as { balance_hundredths: bigint } | undefined)?.balance_hundredths;

  function decideAndRecord(kind: Kind, step: Step): Answer {
    const steps = stepsOf(step.transactionId);
    const first = steps.find((row) => row.kind === kind);
    if (first !== undefined)
      return isSame(first, step)
        ? answerOf(first)
        : conflict('This transaction_id was used with another user_id or amount');
    const decision =
      kind === 'reverse' ? decideReverse(steps, step) : decideMove(kind, steps, step);
    if ('body' in decision) return decision;
    const { moved_hundredths, balance_hundredths, status, error } = decision;
    if (moved_hundredths !== 0n) moveBalance.run(moved_hundredths, step.userId);
    insertStep.run(
      step.transactionId,
      kind,
      step.userId,
      step.hundredths,
      moved_hundredths,
      balance_hundredths,
      status,
      error,
      new Date().toISOString(),
    );
    const written = stepsOf(step.transactionId).find((row) => row.kind === kind);
    if (written === undefined) throw new Error('the new row cannot be read');
    return answerOf(written);
  }

  /** Decides a deduct or an add. A refusal is recorded too, so that it stays a refusal. */
  function decideMove(
    kind: 'deduct' | 'add',
    steps: readonly Row[],
    { userId, hundredths }: Step,
  ): Decision | Answer {
    const balance = balanceOf(userId);
    const refused = (status: number, error: string): Decision => ({
      moved_hundredths: 0n,
      balance_hundredths: balance ?? null,
      status,
      error,
    });
    // The reverse came first. Any step of this transaction that arrives now is late and must do
    // nothing.
    if (steps.some((row) => row.kind === 'reverse'))
      return refused(409, 'Transaction was reversed');
    if (steps.length > 0) return conflict('This transaction_id was used for another operation');
    if (balance === undefined) return refused(404, 'Unknown user');
    if (kind === 'deduct' && balance < hundredths) return refused(400, 'Insufficient balance');
    const moved = kind === 'deduct' ? -hundredths : hundredths;
    return {
      moved_hundredths: moved,
      balance_hundredths: balance + moved,
      status: 200,
      error: null,
    };
  }

  /**
   * Undoes the move of the transaction. If there was no move, the reverse alone is recorded, and it
   * blocks a late move. If added points are already spent, the balance goes below zero, because a
   * reverse must not fail.
   */
  function decideReverse(steps: readonly Row[], step: Step): Decision | Answer {
    const move = steps[0];
    if (move !== undefined && !isSame(move, step))
      return conflict('This transaction moved another amount, or points of another user');
    const moved = -(move?.moved_hundredths ?? 0n);
    const balance = balanceOf(step.userId);
    return {
      moved_hundredths: moved,
      balance_hundredths: balance === undefined ? null : balance + moved,
      status: 200,
      error: null,
    };
  }

  const submit = createWriter(database);
  return {
    addUser: (userId, hundredths) => void insertUser.run(userId, hundredths),
    moveOwn: (userId, hundredths) =>
      submit(() => {
        const balance = balanceOf(userId);
        if (balance === undefined) return false;
        const size = hundredths < 0n ? -hundredths : hundredths;
        moveBalance.run(hundredths, userId);
        insertStep.run(
          `own-${randomUUID()}`,
          'other',
          userId,
          size,
          hundredths,
          balance + hundredths,
          200,
          null,
          new Date().toISOString(),
        );
        return true;
      }),
    apply: (kind, step) => submit(() => decideAndRecord(kind, step)),
    findTransaction(transactionId) {
      const steps = stepsOf(transactionId);
      const [first] = steps;
      if (first === undefined)
        return {
          status: 404,
          body: { error: 'Unknown transaction', transaction_id: transactionId, state: 'unknown' },
        };
      const move = steps.find((row) => row.kind !== 'reverse');
      const state = steps.some((row) => row.kind === 'reverse')
        ? 'reversed'
        : first.error === null
          ? 'applied'
          : 'refused';
      return {
        status: 200,
        body: {
          transaction_id: transactionId,
          state,
          operation: move?.kind ?? null,
          user_id: first.user_id,
          amount: formatPoints(first.amount_hundredths),
          effect: formatPoints(steps.reduce((sum, row) => sum + row.moved_hundredths, 0n)),
          ...(state === 'refused' ? { error: first.error } : {}),
        },
      };
    },
    findUser(userId) {
      const balance = balanceOf(userId);
      return balance === undefined
        ? { status: 404, body: { error: 'Unknown user' } }
        : { status: 200, body: { user_id: userId, balance: formatPoints(balance) } };
    },
    totalHundredths: () => (sumBalances.get() as { total: bigint }).total,
    readStatement(since, limit) {
      const rows = selectStatement.all(since, limit + 1) as unknown as Row[];
      const page = rows.slice(0, limit);
      return {
        status: 200,
        body: {
          entries: page.map(entryOf),
          next_cursor: String(page.at(-1)?.sequence ?? since),
          more: rows.length > limit,
        },
      };
    },
    close: () => database.close(),
  };
}

/** True for the same request, even if its amount is written differently. */
function isSame(row: Row, { userId, hundredths }: Step): boolean {
  return row.user_id === userId && row.amount_hundredths === hundredths;
}

/**
 * An answer that is not recorded, because it is about the request and not about the transaction.
 */
function conflict(error: string): Answer {
  return { status: 409, body: { error } };
}

function answerOf(row: Row): Answer {
  if (row.error !== null)
    return {
      status: Number(row.status),
      body: { error: row.error, transaction_id: row.transaction_id },
    };
  const undone = row.moved_hundredths > 0n ? 'deduct' : row.moved_hundredths < 0n ? 'add' : null;
  return {
    status: 200,
    body: {
      success: true,
      transaction_id: row.transaction_id,
      operation: row.kind,
      user_id: row.user_id,
      amount: formatPoints(row.amount_hundredths),
      ...(row.balance_hundredths === null ? {} : { balance: formatPoints(row.balance_hundredths) }),
      ...(row.kind === 'reverse' ? { undone } : {}),
    },
  };
}

function entryOf(row: Row): Readonly<Record<string, unknown>> {
  return {
    transaction_id: row.transaction_id,
    operation: row.kind,
    user_id: row.user_id,
    amount: formatPoints(row.amount_hundredths),
    effect: formatPoints(row.moved_hundredths),
    recorded_at: row.recorded_at,
  };
}

/**
 * Runs all work that has arrived in one commit: waiting for the disk takes most of the time, and
 * one wait serves all of it.
 */
function createWriter(database: DatabaseSync): <T>(work: () => T) => Promise<T> {
  let waiting: { readonly run: () => void; readonly settle: (failure: unknown) => void }[] = [];

  function flush(): void {
    const jobs = waiting;
    waiting = [];
    let failure: unknown;
    try {
      database.exec('begin immediate');
      for (const job of jobs) job.run();
      database.exec('commit');
    } catch (error) {
      failure = error ?? new Error('the database failed');
      if (database.isTransaction) database.exec('rollback');
    }
    for (const job of jobs) job.settle(failure);
  }

  return <T>(work: () => T) =>
    new Promise<T>((resolve, reject) => {
      const results: T[] = [];
      waiting.push({
        run: () => void results.push(work()),
        settle: (failure) => (failure === undefined ? resolve(results[0] as T) : reject(failure)),
      });
      if (waiting.length === 1) setImmediate(flush);
    });
}
