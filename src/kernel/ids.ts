// Identifiers: branded so that one kind cannot stand for another, prefixed so that a person can
// tell them apart.

import { hash } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/**
 * A platform's name in the network, such as `platform_a`: 3 to 40 of a-z, 0-9, `_`, starting with a
 * letter.
 */
export type PlatformId = Branded<'PlatformId'>;
/**
 * Who runs the network, such as `maker`: 2 to 40 of a-z, 0-9, `_`, `.` and `-`, starting with a
 * letter.
 */
export type OperatorId = Branded<'OperatorId'>;
/** A member's global id: a lower-case UUID. */
export type MemberId = Branded<'MemberId'>;
/** Whoever owns an account: a member, or a platform by its derived UUID. */
export type OwnerId = Branded<'OwnerId'> | MemberId;
/**
 * A transaction's id inside the program: a lower-case UUID whose first two bytes are its bucket.
 * Outside: `txn_` and 32 hex digits.
 */
export type TransactionId = Branded<'TransactionId'>;
/** The unit of ordering and distribution: 0..65535. */
export type Bucket = number & { readonly [brand]: 'Bucket' };

const PLATFORM_ID = /^[a-z][a-z0-9_]{2,39}$/;
const OPERATOR_ID = /^[a-z][a-z0-9_.-]{1,39}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isMemberId(text: string): text is MemberId {
  return UUID.test(text);
}

export function isPlatformId(text: string): text is PlatformId {
  return PLATFORM_ID.test(text);
}

export function isOperatorId(text: string): text is OperatorId {
  return OPERATOR_ID.test(text);
}

/**
 * The global id of a platform's user, as the source requirement (2.2) derives it: the first 16
 * bytes of SHA-256("platform:user") written as a UUID. Deterministic, so that registering twice
 * gives one member.
 */
export function deriveMemberId(platformId: PlatformId, platformUserId: string): MemberId {
  return hexToUuid(hash('sha256', `${platformId}:${platformUserId}`).slice(0, 32)) as MemberId;
}

/** The account owner that stands for a platform. */
export function platformOwnerId(platformId: PlatformId): OwnerId {
  return hexToUuid(hash('sha256', `platform/${platformId}`).slice(0, 32)) as OwnerId;
}

/**
 * The account owner that stands for the network itself: what rounding leaves over, and what limits
 * have used.
 */
export function networkOwnerId(): OwnerId {
  return subjectOwnerId('network');
}

/** The account owner that stands for whatever a limit counts together, by its name. */
export function subjectOwnerId(name: string): OwnerId {
  return hexToUuid(hash('sha256', `subject/${name}`).slice(0, 32)) as OwnerId;
}

/** All buckets of a network that has so many, in order. */
export function buckets(bucketCount: number): Bucket[] {
  return Array.from({ length: bucketCount }, (_, number) => number as Bucket);
}

/**
 * The bucket in which all that belongs to a member lives: the first four bytes of the id, modulo
 * the number of buckets.
 */
export function bucketOf(memberId: MemberId, bucketCount: number): Bucket {
  let head = 0;
  for (let digit = 0; digit < 8; digit += 1)
    head = head * 16 + hexValue(memberId.charCodeAt(digit));
  return (head % bucketCount) as Bucket;
}

/**
 * The id of the transaction that an idempotency key stands for (RFC 9562 UUID, version 8): two
 * bytes of bucket, then SHA-256 over (platform, member, key). One unique index therefore serves
 * both look-up by id and idempotency, the id is known before anything is written, and a retry
 * anywhere arrives at the same id.
 */
export function deriveTransactionId(
  bucket: Bucket,
  platformId: PlatformId,
  memberId: MemberId,
  key: string,
): TransactionId {
  const d = hash('sha256', `${platformId}\n${memberId}\n${key}`);
  const head = bucket.toString(16).padStart(4, '0');
  return `${head}${d.slice(0, 4)}-${d.slice(4, 8)}-8${d.slice(8, 11)}-8${d.slice(11, 14)}-${d.slice(14, 26)}` as TransactionId;
}

/** The value of a lower-case hexadecimal digit given by its character code. */
export function hexValue(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

export function bucketOfTransaction(transactionId: TransactionId): Bucket {
  return Number.parseInt(transactionId.slice(0, 4), 16) as Bucket;
}

/**
 * Prefixed public form of an id, e.g. `txn_0003…`. The same 32 digits serve a redemption (`rdm_`)
 * and a hold (`hold_`); a dispute (`dsp_`) and a recall (`rcl_`) have their own.
 */
export type IdPrefix = 'txn' | 'rdm' | 'hold' | 'dsp' | 'rcl';

export function formatId(prefix: IdPrefix, id: TransactionId): string {
  return `${prefix}_${id.replaceAll('-', '')}`;
}

/** Reads a public id; undefined when it is not one of that prefix. */
export function parseId(prefix: IdPrefix, text: string): TransactionId | undefined {
  if (!text.startsWith(`${prefix}_`)) return undefined;
  const hex = text.slice(prefix.length + 1);
  return /^[0-9a-f]{32}$/.test(hex) ? (hexToUuid(hex) as TransactionId) : undefined;
}

function hexToUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
