// The people who run the network: their tokens, and whom a token stands for. Read from the database each time, so that a change is in force at once everywhere.

import { createHash, randomBytes } from 'node:crypto';
import { isOperatorId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Pool } from '../runtime/database.ts';
import { identityProblems } from './problems.ts';
import { changeOperator, insertOperator, selectOperatorByToken } from './store.ts';
import type { Operator, OperatorState, OperatorToken } from './types.ts';

const TOKEN = /^op_[A-Za-z0-9_-]{43}$/;

export async function addOperator(pool: Pool, operatorId: string): Promise<Result<OperatorToken>> {
  if (!isOperatorId(operatorId)) return refuse(identityProblems.invalid_operator_id());
  const token = newToken();
  return (await insertOperator(pool, operatorId, hashToken(token))) ? ok({ operatorId, token }) : refuse(identityProblems.operator_exists());
}

export async function renewOperatorToken(pool: Pool, operatorId: string): Promise<Result<OperatorToken>> {
  const token = newToken();
  const operator = isOperatorId(operatorId) ? await changeOperator(pool, operatorId, { tokenHash: hashToken(token) }) : undefined;
  return operator === undefined ? refuse(identityProblems.operator_not_found()) : ok({ operatorId: operator.operatorId, token });
}

export async function setOperatorState(pool: Pool, operatorId: string, state: OperatorState): Promise<Result<Operator>> {
  const operator = isOperatorId(operatorId) ? await changeOperator(pool, operatorId, { state }) : undefined;
  return operator === undefined ? refuse(identityProblems.operator_not_found()) : ok(operator);
}

export async function authenticateOperator(pool: Pool, token: string): Promise<Result<Operator>> {
  if (token === '') return refuse(identityProblems.operator_token_missing());
  const operator = TOKEN.test(token) ? await selectOperatorByToken(pool, hashToken(token)) : undefined;
  if (operator === undefined) return refuse(identityProblems.operator_token_invalid());
  return operator.state === 'active' ? ok(operator) : refuse(identityProblems.operator_suspended());
}

/** 256 random bits: nobody finds a token from its plain hash. */
function newToken(): string {
  return `op_${randomBytes(32).toString('base64url')}`;
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
