// Identifiers. They are branded, so that the compiler tells the kinds apart, and prefixed, so that
// a person can.

import { hash } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/**
 * A platform's name in the network, such as `platform_a`: 3 to 40 characters of a-z, 0-9 and `_`,
 * starting with a letter.
 */
export type PlatformId = Branded<'PlatformId'>;
/**
 * An operator's name, such as `maker`: 2 to 40 characters of a-z, 0-9, `_`, `.` and `-`, starting
 * with a letter.
 */
export type OperatorId = Branded<'OperatorId'>;
/** A member's global id: a lower-case UUID. */
export type MemberId = Branded<'MemberId'>;
/**
 * The owner of an account: a member's id, or a UUID derived from the name of a platform, of the
 * network or of a limit's subject.
 */
export type OwnerId = Branded<'OwnerId'> | MemberId;
/**
 * A transaction's id inside the program: a lower-case UUID. Its first two bytes are the bucket.
 * Callers see `txn_` and 32 hex digits.
 */
export type TransactionId = Branded<'TransactionId'>;
/** Number of a bucket, the unit of ordering and distribution: 0..65535. */
export type Bucket = number & { readonly [brand]: 'Bucket' };

/** The form of a `PlatformId`. */
const PLATFORM_ID = /^[a-z][a-z0-9_]{2,39}$/;
const OPERATOR_ID = /^[a-z][a-z0-9_.-]{1,39}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a lower-case UUID. */
export function isMemberId(text: string): text is MemberId {
  return UUID.test(text);
}

/** True for text in the form of a `PlatformId`. */
export function isPlatformId(text: string): text is PlatformId {
  return PLATFORM_ID.test(text);
}

/** True for text in the form of an `OperatorId`. */
export function isOperatorId(text: string): text is OperatorId {
  return OPERATOR_ID.test(text);
}

/**
 * The global id of a platform's user, as the source requirement (2.2) derives it: the first 16
 * bytes of SHA-256("platform:user"), written as a UUID. The same user always gets the same id, so
 * registering a user twice gives one member.
 */
export function deriveMemberId(platformId: PlatformId, platformUserId: string): MemberId {
  return hexToUuid(hash('sha256', `${platformId}:${platformUserId}`).slice(0, 32)) as MemberId;
}

/** The account owner that stands for a platform. */
export function platformOwnerId(platformId: PlatformId): OwnerId {
  return hexToUuid(hash('sha256', `platform/${platformId}`).slice(0, 32)) as OwnerId;
}

/**
 * The account owner that stands for the network itself, which keeps the remainders of rounding and
 * the use of limits over all members.
 */
export function networkOwnerId(): OwnerId {
  return NETWORK_OWNER;
}

const NETWORK_OWNER = subjectOwnerId('network');

/** The account owner that stands for a subject of limits, by the subject's name. */
export function subjectOwnerId(name: string): OwnerId {
  return hexToUuid(hash('sha256', `subject/${name}`).slice(0, 32)) as OwnerId;
}

/** All buckets of a network with `bucketCount` of them, in order. */
export function buckets(bucketCount: number): Bucket[] {
  return Array.from({ length: bucketCount }, (_, number) => number as Bucket);
}

/**
 * The bucket that holds everything of a member: the first four bytes of the id, modulo the number
 * of buckets.
 */
export function bucketOf(memberId: MemberId, bucketCount: number): Bucket {
  let head = 0;
  for (let digit = 0; digit < 8; digit += 1)
    head = head * 16 + hexValue(memberId.charCodeAt(digit));
  return (head % bucketCount) as Bucket;
}

/**
 * The id of the transaction that an idempotency key stands for (a UUID of version 8, RFC 9562): two
 * bytes of bucket, then SHA-256 over (platform, member, key). So the id is known before anything is
 * written, a retry on any process gets the same id, and one unique index serves look-up by id and
 * idempotency.
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

/** The bucket in the first two bytes of a transaction's id. */
export function bucketOfTransaction(transactionId: TransactionId): Bucket {
  return Number.parseInt(transactionId.slice(0, 4), 16) as Bucket;
}

/**
 * The prefix of a public id. A transaction (`txn_`), its redemption (`rdm_`) and its hold (`hold_`)
 * share the same 32 digits; a dispute (`dsp_`) and a recall (`rcl_`) have ids of their own.
 */
export type IdPrefix = 'txn' | 'rdm' | 'hold' | 'dsp' | 'rcl';

/** The public form of an id: prefix, `_` and 32 hex digits, e.g. `txn_0003…`. */
export function formatId(prefix: IdPrefix, id: TransactionId): string {
  return `${prefix}_${id.replaceAll('-', '')}`;
}

/** Reads a public id. Undefined when the text is not an id with that prefix. */
export function parseId(prefix: IdPrefix, text: string): TransactionId | undefined {
  if (!text.startsWith(`${prefix}_`)) return undefined;
  const hex = text.slice(prefix.length + 1);
  return /^[0-9a-f]{32}$/.test(hex) ? (hexToUuid(hex) as TransactionId) : undefined;
}

function hexToUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
