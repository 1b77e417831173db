// The people who run the network, and their tokens. Read from the database each time, so a change
// is in force everywhere at once.

import { createHash, randomBytes } from 'node:crypto';
import { isOperatorId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Pool, Queryable } from '../runtime/database.ts';
import { identityProblems } from './problems.ts';
import {
  changeOperator,
  insertOperator,
  noteOperatorChange,
  selectOperatorByToken,
} from './operator-store.ts';
import type { Maker, Operator, OperatorState, OperatorToken } from './types.ts';

const TOKEN = /^op_[A-Za-z0-9_-]{43}$/;

/** Adds an operator with a new token. Refuses with `invalid_operator_id` or `operator_exists`. */
export async function addOperator(
  db: Queryable,
  operatorId: string,
  maker: Maker,
): Promise<Result<OperatorToken>> {
  if (!isOperatorId(operatorId)) return refuse(identityProblems.invalid_operator_id());
  const token = newToken();
  if (!(await insertOperator(db, operatorId, hashToken(token))))
    return refuse(identityProblems.operator_exists());
  await noteOperatorChange(db, operatorId, 'added', maker);
  return ok({ operatorId, token });
}

/**
 * Makes a new token for an operator. `recovered` is for the owner of the machine, when no operator
 * has a token any more; it also makes the operator active. Refuses with `operator_not_found`.
 */
export async function renewOperatorToken(
  db: Queryable,
  operatorId: string,
  maker: Maker,
  how: 'token' | 'recovered' = 'token',
): Promise<Result<OperatorToken>> {
  const token = newToken();
  const change = {
    tokenHash: hashToken(token),
    ...(how === 'recovered' ? { state: 'active' as const } : {}),
  };
  const operator = isOperatorId(operatorId)
    ? await changeOperator(db, operatorId, change)
    : undefined;
  if (operator === undefined) return refuse(identityProblems.operator_not_found());
  await noteOperatorChange(db, operator.operatorId, how, maker);
  return ok({ operatorId: operator.operatorId, token });
}

/** Suspends or resumes an operator. Refuses with `operator_not_found`. */
export async function setOperatorState(
  db: Queryable,
  operatorId: string,
  state: OperatorState,
  maker: Maker,
): Promise<Result<Operator>> {
  const operator = isOperatorId(operatorId)
    ? await changeOperator(db, operatorId, { state })
    : undefined;
  if (operator === undefined) return refuse(identityProblems.operator_not_found());
  await noteOperatorChange(
    db,
    operator.operatorId,
    state === 'active' ? 'resumed' : 'suspended',
    maker,
  );
  return ok(operator);
}

/**
 * The operator of a token. Refuses with `operator_token_missing`, `operator_token_invalid` or
 * `operator_suspended`.
 */
export async function authenticateOperator(pool: Pool, token: string): Promise<Result<Operator>> {
  if (token === '') return refuse(identityProblems.operator_token_missing());
  const operator = TOKEN.test(token)
    ? await selectOperatorByToken(pool, hashToken(token))
    : undefined;
  if (operator === undefined) return refuse(identityProblems.operator_token_invalid());
  return operator.state === 'active' ? ok(operator) : refuse(identityProblems.operator_suspended());
}

/** 256 random bits, so the token cannot be found from its plain hash. */
function newToken(): string {
  return `op_${randomBytes(32).toString('base64url')}`;
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
