// Idempotency: what a request stands for, and the answer to one that was posted before.

import { hash } from 'node:crypto';
import { ledgerProblems } from './problems.ts';
import type { Task } from './task.ts';
import type { Command, Outcome, PostedLeg } from './types.ts';

/**
 * What a caller states besides the scope and key of idempotency; two requests with the same list
 * are the same request.
 */
function statementOf(command: Command): readonly unknown[] {
  const common = [
    command.kind,
    command.reference,
    command.details === undefined ? null : Object.entries(command.details),
  ];
  switch (command.kind) {
    case 'earn':
      return [
        ...common,
        command.amount?.toString(),
        command.occurredAtMs,
        command.expiresOn,
        ...(command.spent === undefined ? [] : [String(command.spent)]),
      ];
    case 'transfer':
      return [
        ...common,
        String(command.amount),
        command.toMemberId,
        command.targetPlatformId,
        ...(command.quote === undefined ? [] : [command.quote.nonce]),
        ...(command.authorisedId === undefined ? [] : [command.authorisedId]),
      ];
    case 'redeem':
      return [...common, String(command.amount), command.rewardAssetId, String(command.quantity)];
    case 'hold':
      return [
        ...common,
        String(command.amount),
        command.expiresInMs,
        ...(command.freeze === undefined ? [] : ['freeze']),
      ];
    case 'capture':
      return [...common, command.holdId, command.amount?.toString()];
    case 'release':
      return [...common, command.holdId];
    case 'reverse':
      return [
        ...common,
        command.transactionId,
        command.amount?.toString(),
        command.reason,
        command.clawback,
        ...(command.frozenHoldId === undefined ? [] : [command.frozenHoldId]),
      ];
    case 'clawback':
      return [...common, String(command.amount), command.occurredAtMs, command.clawback];
    case 'expire':
      return [...common, command.day];
    case 'adjust':
      return [
        ...common,
        String(command.amount),
        command.reason,
        ...(command.compensation === undefined
          ? []
          : [command.compensation.paidBy, String(command.compensation.value)]),
      ];
    case 'deposit':
    case 'withdraw':
      return [...common, String(command.amount)];
    case 'settle':
      return [...common, String(command.amount), command.from];
  }
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

/**
 * The first result again for the same request; a refusal that names what differs for another one.
 */
export function replayOf(posted: PostedLeg, task: Pick<Task, 'command' | 'fingerprint'>): Outcome {
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
  if (postedKind(command, posted) !== posted.kind) return 'operation';
  if ('amount' in command && command.amount !== undefined && command.amount !== posted.amount)
    return 'amount';
  if (
    command.kind === 'transfer' &&
    command.toMemberId !== (posted.counterpartyId ?? posted.memberId)
  )
    return 'to_user_id';
  if ((command.reference ?? null) !== posted.reference) return 'reference';
  if (command.kind === 'redeem' && command.rewardAssetId !== posted.targetAssetId)
    return 'reward_id';
  if (command.kind === 'redeem' && command.quantity !== posted.credited) return 'quantity';
  return 'body';
}

function postedKind(command: Command, posted: PostedLeg): PostedLeg['kind'] {
  // A transfer that waited for an operator stands in the journal as a hold.
  if (command.kind === 'transfer' && posted.kind === 'hold' && posted.targetAssetId !== null)
    return 'hold';
  if (command.kind === 'transfer' && posted.kind === 'authorise') return 'authorise';
  return command.kind === 'transfer' && command.targetPlatformId !== command.platformId
    ? 'conversion'
    : command.kind;
}
