// SQL of operators, of the history of who made whom, and of the scrape token.

import type { OperatorId } from '../kernel/ids.ts';
import type { DbClient, Pool, Queryable } from '../runtime/database.ts';
import type {
  Operator,
  OperatorChange,
  OperatorChangeName,
  OperatorState,
  Maker,
} from './types.ts';

interface OperatorRow {
  readonly operator_id: OperatorId;
  readonly state: OperatorState;
  readonly created_at: Date;
}

/** All operators, by id. */
export async function selectOperators(pool: Pool): Promise<Operator[]> {
  const { rows } = await pool.query<OperatorRow>(
    'select operator_id, state, created_at from identity.operator order by operator_id',
  );
  return rows.map(toOperator);
}

/** The operator with this token hash. */
export async function selectOperatorByToken(
  pool: Pool,
  tokenHash: Buffer,
): Promise<Operator | undefined> {
  const { rows } = await pool.query<OperatorRow>(
    'select operator_id, state, created_at from identity.operator where token_hash = $1',
    [tokenHash],
  );
  return rows[0] === undefined ? undefined : toOperator(rows[0]);
}

/** Returns false when the operator exists already. */
export async function insertOperator(
  db: Queryable,
  operatorId: OperatorId,
  tokenHash: Buffer,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into identity.operator (operator_id, token_hash) values ($1, $2)
        on conflict (operator_id) do nothing`,
    [operatorId, tokenHash],
  );
  return rowCount === 1;
}

/** Changes the given fields. Undefined when the operator does not exist. */
export async function changeOperator(
  db: Queryable,
  operatorId: OperatorId,
  change: { readonly tokenHash?: Buffer; readonly state?: OperatorState },
): Promise<Operator | undefined> {
  const { rows } = await db.query<OperatorRow>(
    `update identity.operator set token_hash = coalesce($2, token_hash), state = coalesce($3, state)
      where operator_id = $1 returning operator_id, state, created_at`,
    [operatorId, change.tokenHash ?? null, change.state ?? null],
  );
  return rows[0] === undefined ? undefined : toOperator(rows[0]);
}

/** Records a change of an operator at the database's time, later than the change before it. */
export async function noteOperatorChange(
  db: Queryable,
  operatorId: OperatorId,
  change: OperatorChangeName,
  maker: Maker,
): Promise<void> {
  await db.query(
    `insert into identity.operator_change (operator_id, changed_at, change, made_by, approved_by,
        request_id, reason)
     select $1, greatest(clock_timestamp(), max(changed_at) + interval '1 microsecond'), $2, $3, $4,
       $5, $6 from identity.operator_change where operator_id = $1`,
    [operatorId, change, maker.madeBy, maker.approvedBy, maker.requestId, maker.reason],
  );
}

/** All changes of operators, oldest first. */
export async function selectOperatorChanges(db: Queryable): Promise<OperatorChange[]> {
  const { rows } = await db.query<OperatorChange>(
    `select operator_id as "operatorId", changed_at as "changedAt", change, made_by as "madeBy",
        approved_by as "approvedBy", request_id as "requestId", reason
       from identity.operator_change order by changed_at, operator_id`,
  );
  return rows;
}

/**
 * The number of operators, suspended ones included. The table lock protects the number: nobody can
 * add an operator before the end of the dbTransaction.
 */
export async function countOperators(client: DbClient): Promise<number> {
  await client.query('lock table identity.operator in share row exclusive mode');
  const { rows } = await client.query<{ count: bigint }>(
    'select count(*) as count from identity.operator',
  );
  return Number(rows[0]?.count);
}

function toOperator(row: OperatorRow): Operator {
  return { operatorId: row.operator_id, state: row.state, createdAtMs: row.created_at.getTime() };
}

/** The hash of the scrape token. */
export async function selectScrapeToken(db: Queryable): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ token_hash: Buffer }>(
    'select token_hash from identity.scrape_token',
  );
  return rows[0]?.token_hash;
}

/** Stores the hash of a new scrape token. */
export async function upsertScrapeToken(db: Queryable, tokenHash: Buffer): Promise<void> {
  await db.query(
    `insert into identity.scrape_token (token_hash) values ($1)
         on conflict (only_one) do update set token_hash = $1, changed_at = now()`,
    [tokenHash],
  );
}
