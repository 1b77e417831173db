// The participants of settlement, as the ledger knows them.

import {
  bucketOf,
  deriveTransactionId,
  networkOwnerId,
  platformOwnerId,
  type MemberId,
  type OwnerId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { NET, NETWORK, type Obligation, type Participant } from './types.ts';

export function ownerOf(participant: Participant): OwnerId {
  return participant === NETWORK ? networkOwnerId() : platformOwnerId(participant);
}

/**
 * The idempotency key of an obligation's payment. No caller can send it: a key from a header has no
 * space in it.
 */
export function keyOf(
  { windowId, participant, basis }: Pick<Obligation, 'windowId' | 'participant' | 'basis'>,
  number: number,
): string {
  const whole =
    basis === NET
      ? `window ${windowId} ${participant}`
      : `window ${windowId} ${participant} ${basis}`;
  return number === 1 ? whole : `${whole} part ${number}`;
}

/** The ledger id of an obligation's payment, posted or not. */
export function paymentIdOf(
  obligation: Pick<Obligation, 'windowId' | 'participant' | 'basis'>,
  number: number,
  bucketCount: number,
): TransactionId {
  const ownerId = ownerOf(obligation.participant) as MemberId;
  return deriveTransactionId(
    bucketOf(ownerId, bucketCount),
    obligation.participant as PlatformId,
    ownerId,
    keyOf(obligation, number),
  );
}
