// The words of identity: who takes part. No behaviour.

import type { KeyObject } from 'node:crypto';
import type { MemberId, OperatorId, OwnerId, PlatformId } from '../kernel/ids.ts';

/** `hosted`: we keep its balances. `connected`: the platform keeps them and we call its API. */
export type Custody = 'hosted' | 'connected';
export type PlatformState = 'active' | 'suspended';

/** Which request signatures are taken: every kind, or HTTP Message Signatures (RFC 9421) alone. */
export const SIGNINGS = ['any', 'rfc9421'] as const;
export type Signing = (typeof SIGNINGS)[number];

export interface Platform {
  readonly platformId: PlatformId;
  /** The account owner that stands for it in the ledger. */
  readonly ownerId: OwnerId;
  readonly name: string;
  readonly custody: Custody;
  readonly state: PlatformState;
  readonly signing: Signing;
  /**
   * Checks its request signatures; the secret itself is read from the database only when somebody
   * must be told.
   */
  readonly secretKey: KeyObject;
  /** The secret before it, while that is still good. */
  readonly formerSecret?: { readonly key: KeyObject; readonly untilMs: number };
  /** Tokens of an older version are refused. */
  readonly tokenVersion: number;
  readonly revision: bigint;
  readonly createdAtMs: number;
}

export type OperatorState = 'active' | 'suspended';

/** A person who runs the network. */
export interface Operator {
  readonly operatorId: OperatorId;
  readonly state: OperatorState;
  readonly createdAtMs: number;
}

/** On whose word operators and links were changed. */
export interface Maker {
  /**
   * Null where nobody was there to ask: the first operators of a network, and the owner of its
   * machine.
   */
  readonly madeBy: string | null;
  /** Null where one person was enough. */
  readonly approvedBy: string | null;
  /** The request that was approved. */
  readonly requestId: string | null;
  readonly reason: string;
}

export type OperatorChangeName = 'added' | 'token' | 'suspended' | 'resumed' | 'recovered';

/** Who made an operator, its tokens and its states. */
export interface OperatorChange extends Maker {
  readonly operatorId: OperatorId;
  readonly changedAt: Date;
  readonly change: OperatorChangeName;
}

/** A token is told when it is made and can be read nowhere afterwards. */
export interface OperatorToken {
  readonly operatorId: OperatorId;
  readonly token: string;
}

export interface Link {
  readonly platformId: PlatformId;
  readonly platformUserId: string;
  readonly memberId: MemberId;
  /** What the platform says of its user; sorted. */
  readonly tags: readonly string[];
  readonly createdAtMs: number;
}

/** A user of a platform that is to belong to a member. */
export interface MemberLink {
  readonly platformId: string;
  readonly platformUserId: string;
  readonly memberId: MemberId;
}

/** On whose word a user was linked to a member. */
export interface LinkedOnWord extends Maker {
  readonly platformId: PlatformId;
  readonly platformUserId: string;
  readonly linkedAtMs: number;
}

/** Tags, and which of two readings of them is newer. */
export interface Tagged {
  readonly tags: readonly string[];
  /**
   * When they were set, in microseconds of the database's clock; 0 when never. Goes up with every
   * change.
   */
  readonly tagsVersion: number;
}

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
