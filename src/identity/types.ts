// Types of the identity module. No behaviour.

import type { KeyObject } from 'node:crypto';
import type { MemberId, OperatorId, OwnerId, PlatformId } from '../kernel/ids.ts';
import { DAY_MS } from '../kernel/time.ts';

/**
 * `hosted`: the network keeps the platform's balances. `connected`: the platform keeps them, and
 * its API is called.
 */
export type Custody = 'hosted' | 'connected';
/** A suspended platform is refused. */
export type PlatformState = 'active' | 'suspended';

/**
 * Request signatures that a platform may use: every kind, or only HTTP Message Signatures (RFC
 * 9421).
 */
export const SIGNINGS = ['any', 'rfc9421'] as const;
/** One of `SIGNINGS`. */
export type Signing = (typeof SIGNINGS)[number];

/** A registered platform. */
export interface Platform {
  readonly platformId: PlatformId;
  /** The account owner that stands for the platform in the ledger. */
  readonly ownerId: OwnerId;
  readonly name: string;
  readonly custody: Custody;
  readonly state: PlatformState;
  readonly signing: Signing;
  /**
   * The key that checks the platform's request signatures. The secret itself is read from the
   * database only to show it to the platform.
   */
  readonly secretKey: KeyObject;
  /** The former secret, while it is still valid. */
  readonly formerSecret?: { readonly key: KeyObject; readonly untilMs: number };
  /** Tokens of an older version are refused. */
  readonly tokenVersion: number;
  readonly revision: bigint;
  readonly createdAtMs: number;
}

/** A suspended operator may do nothing. */
export type OperatorState = 'active' | 'suspended';

/** A person who runs the network. */
export interface Operator {
  readonly operatorId: OperatorId;
  readonly state: OperatorState;
  readonly createdAtMs: number;
}

/** Who has changed an operator or a link, and why. */
export interface Maker {
  /**
   * Null when no operator made the change: for the first operators of a network, and for the owner
   * of its machine.
   */
  readonly madeBy: string | null;
  /** Null when one person was enough. */
  readonly approvedBy: string | null;
  /** The request that was approved. */
  readonly requestId: string | null;
  readonly reason: string;
}

/**
 * What was done to an operator; `token` is a new token, `recovered` one from the machine's owner.
 */
export type OperatorChangeName = 'added' | 'token' | 'suspended' | 'resumed' | 'recovered';

/** Who added an operator, made a token for it, or changed its state. */
export interface OperatorChange extends Maker {
  readonly operatorId: OperatorId;
  readonly changedAt: Date;
  readonly change: OperatorChangeName;
}

/** A token is shown when it is made and cannot be read again. */
export interface OperatorToken {
  readonly operatorId: OperatorId;
  readonly token: string;
}

/** A platform's user and its member. */
export interface Link {
  readonly platformId: PlatformId;
  readonly platformUserId: string;
  readonly memberId: MemberId;
  /** The tags that the platform has put on its user, sorted. */
  readonly tags: readonly string[];
  readonly createdAtMs: number;
}

/** A user of a platform that shall belong to a member. */
export interface MemberLink {
  readonly platformId: string;
  readonly platformUserId: string;
  readonly memberId: MemberId;
}

/** Which operators linked a user to a member. */
export interface OperatorLink extends Maker {
  readonly platformId: PlatformId;
  readonly platformUserId: string;
  readonly linkedAtMs: number;
}

/** Tags with a version, which decides which of two readings is newer. */
export interface Tagged {
  readonly tags: readonly string[];
  /**
   * When the tags were set, in microseconds of the database's clock since 1970; 0 if never.
   * Increases with every change.
   */
  readonly tagsVersion: number;
}

/** A member with tags on a platform. */
export interface TaggedMember {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  readonly tags: readonly string[];
}

/** Shared by all users without tags. */
export const NO_TAGS: readonly string[] = Object.freeze([]);

/** The form of a tag, as JSON Schema takes it. */
export const TAG = '^[a-z0-9_.-]{1,40}$';
/** Most tags of one user on one platform. */
export const MAX_TAGS = 20;

/** How long an old secret stays valid beside its successor by default, in milliseconds. */
export const SECRET_OVERLAP_MS = DAY_MS;
