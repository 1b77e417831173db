// Idempotency: the fingerprint of a request, and the answer to a request that was posted before.
// Walks the table of commands. Before this: `task.ts` for the fingerprint, `look-up.ts` for the
// answer.

import { hash } from 'node:crypto';
import { kindOf, type Command } from './commands/commands.ts';
import { ledgerProblems } from './problems.ts';
import type { Outcome, PostedLeg } from './types.ts';

/**
 * The values that a caller states besides the scope and key of idempotency. Two requests with the
 * same list are the same request.
 */
function statementOf(command: Command): readonly unknown[] {
  return [
    command.kind,
    command.reference,
    command.details === undefined ? null : Object.entries(command.details),
    ...kindOf(command).states(command),
  ];
}

/** First eight bytes of SHA-256 over what the caller states, as a signed integer. */
export function fingerprintOf(command: Command): bigint {
  // As a string of bytes: far cheaper to get from the library than a buffer.
  const digest = hash('sha256', JSON.stringify(statementOf(command)), 'latin1');
  return (BigInt(int32At(digest, 0)) << 32n) | BigInt(int32At(digest, 4) >>> 0);
}

function int32At(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)
  );
}

/** A command and the fingerprint of its statement. */
interface Request {
  readonly command: Command;
  readonly fingerprint: bigint;
}

/**
 * The first result again for the same request; a refusal that names what differs for another one.
 */
export function replayOf(posted: PostedLeg, task: Request): Outcome {
  if (posted.fingerprint === task.fingerprint)
    return { ok: true, transaction: posted, replayed: true };
  const field = differingField(posted, task.command);
  return {
    ok: false,
    problem: ledgerProblems.idempotency_key_reused(
      `The key was first used for another request; \`${field}\` differs.`,
      { field },
    ),
  };
}

/** The first stated field in which a request differs from the row that its key stands for. */
function differingField(posted: PostedLeg, command: Command): string {
  const kind = kindOf(command);
  if ((kind.postedKind?.(command, posted) ?? command.kind) !== posted.kind) return 'operation';
  if ('amount' in command && command.amount !== undefined && command.amount !== posted.amount)
    return 'amount';
  if ('toMemberId' in command && command.toMemberId !== (posted.counterpartyId ?? posted.memberId))
    return 'to_user_id';
  if ((command.reference ?? null) !== posted.reference) return 'reference';
  return kind.differs?.(command, posted) ?? 'body';
}
