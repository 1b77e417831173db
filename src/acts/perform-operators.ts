// Acts about operators: done in the commit that ends the request, so that no token is lost in
// between.

import type { Maker } from '../identity/identity.ts';
import { identityProblems } from '../identity/identity.ts';
import { isOperatorId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { ActArguments, Acting, ActParts, Performer } from './types.ts';

type Described = Result<{ readonly words: string; readonly circumstances: ActArguments }>;

/** In the form that identity keeps. */
function makerOf({ askedBy, approvedBy, requestId, reason }: Acting): Maker {
  return { madeBy: askedBy, approvedBy, requestId, reason };
}

async function describeOperator(
  operatorId: string,
  { identity }: ActParts,
  words: string,
): Promise<Described> {
  const found = (await identity.listOperators()).find(
    (operator) => operator.operatorId === operatorId,
  );
  return found === undefined
    ? refuse(identityProblems.operator_not_found())
    : ok({ words, circumstances: { state: found.state } });
}

export const operatorAdd: Performer<'operator_id'> = {
  arguments: ['operator_id'],
  inCommit: true,
  async describe({ operator_id: operatorId }, { identity }) {
    if (!isOperatorId(operatorId)) return refuse(identityProblems.invalid_operator_id());
    const operators = await identity.listOperators();
    if (operators.some((operator) => operator.operatorId === operatorId))
      return refuse(identityProblems.operator_exists());
    return ok({
      words:
        `Take ${operatorId} among the operators; whoever approves is told the token and hands ` +
        'it to that person.',
      circumstances: {},
    });
  },
  async perform({ operator_id: operatorId }, by, { identity }, client) {
    const added = await identity.addOperator(operatorId, makerOf(by), client);
    return added.ok
      ? ok({
          outcome: { operator_id: added.value.operatorId },
          secrets: { token: added.value.token },
        })
      : added;
  },
};

export const operatorToken: Performer<'operator_id'> = {
  arguments: ['operator_id'],
  inCommit: true,
  describe: ({ operator_id: operatorId }, parts) =>
    describeOperator(
      operatorId,
      parts,
      `Replace the token of ${operatorId}; the old one stops working, and whoever approves is ` +
        'told the new one.',
    ),
  async perform({ operator_id: operatorId }, by, { identity }, client) {
    const renewed = await identity.renewOperatorToken(operatorId, makerOf(by), client);
    return renewed.ok
      ? ok({
          outcome: { operator_id: renewed.value.operatorId },
          secrets: { token: renewed.value.token },
        })
      : renewed;
  },
};

export const operatorResume: Performer<'operator_id'> = {
  arguments: ['operator_id'],
  inCommit: true,
  describe: ({ operator_id: operatorId }, parts) =>
    describeOperator(operatorId, parts, `Let ${operatorId} act again, under the same token.`),
  async perform({ operator_id: operatorId }, by, { identity }, client) {
    const changed = await identity.setOperatorState(operatorId, 'active', makerOf(by), client);
    return changed.ok
      ? ok({ outcome: { operator_id: changed.value.operatorId, state: changed.value.state } })
      : changed;
  },
};
