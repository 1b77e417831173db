// The types of acts that another person has to approve. No behaviour.

import type { Disputes } from '../clearing/disputes/disputes.ts';
import type { Reconciliation } from '../clearing/reconciliation/reconciliation.ts';
import type { Reserve } from '../clearing/reserve/reserve.ts';
import type { Sagas } from '../clearing/saga/saga.ts';
import type { Connections } from '../connections/connections.ts';
import type { Identity } from '../identity/identity.ts';
import type { Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import type { DbClient, Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Sealer } from '../security/security.ts';
import type { RequestedAct } from './table.ts';

/** The parts of the program that acts touch; the whole context fits. */
export interface ActParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly sagas: Sagas;
  readonly reconciliation: Reconciliation;
  readonly disputes: Disputes;
  readonly reserve: Reserve;
  readonly ledger: Ledger;
}

/** The arguments of an act as text: given by an operator, checked at the edge. */
export type ActArguments = Readonly<Record<string, string>>;

/** `approved` is on its way to `done` or `failed`; after a crash any process resumes it. */
export type ActRequestState =
  | 'open'
  | 'approved'
  | 'done'
  | 'failed'
  | 'rejected'
  | 'withdrawn'
  | 'expired';

export interface ActRequest {
  readonly requestId: string;
  readonly act: RequestedAct;
  /** Without secrets: they are replaced by a digest. */
  readonly arguments: ActArguments;
  /** What will be done, as a sentence. */
  readonly words: string;
  /** The facts that mattered when it was asked, such as the state of a transfer. */
  readonly circumstances: ActArguments;
  /** A digest of act, arguments, words and circumstances. */
  readonly fingerprint: string;
  readonly reason: string;
  readonly state: ActRequestState;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly expiresAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
  /** When it was done, or found impossible. */
  readonly endedAt: Date | null;
  /** Its result; secrets are shown once and stored nowhere. */
  readonly outcome: ActArguments | null;
  /** The problem with which it failed. */
  readonly failedWith: string | null;
}

/** A request at this moment, with what has changed since it was asked. */
export interface ActRequestNow extends ActRequest {
  /**
   * The same as `circumstances` where nothing has changed; undefined when it cannot be done any
   * more, or has ended.
   */
  readonly now: ActArguments | undefined;
  /** The fingerprint that an approval has to name where circumstances have changed. */
  readonly fingerprintNow: string | undefined;
  /** Why it cannot be done now. */
  readonly obstacle: string | undefined;
}

/** The persons behind an act. */
export interface Acting {
  /** Null for the first operator of a network, whom nobody asks. */
  readonly askedBy: string | null;
  /** Null where one person was enough. */
  readonly approvedBy: string | null;
  readonly requestId: string | null;
  readonly reason: string;
  /** True when a process that was doing it may have died: what is done already stays done. */
  readonly again: boolean;
}

export interface Performed {
  /** Stored and shown with the request. */
  readonly outcome: ActArguments;
  /** Shown to the approver, and stored nowhere. */
  readonly secrets?: ActArguments;
}

/** How one act is described and done. `Name` are its arguments. */
export interface Performer<Name extends string = string> {
  readonly arguments: readonly Name[];
  /** Secret arguments: they are stored sealed until the request has ended. */
  readonly sealed?: readonly Name[];
  /** What will be done and its present circumstances; or why it cannot be done. */
  describe(
    given: Readonly<Record<Name, string>>,
    parts: ActParts,
  ): Promise<Result<{ readonly words: string; readonly circumstances: ActArguments }>>;
  /**
   * In the commit that ends the request, when `inCommit`; otherwise it may be called again after a
   * crash.
   */
  perform(
    given: Readonly<Record<Name, string>>,
    by: Acting,
    parts: ActParts,
    client: DbClient,
  ): Promise<Result<Performed>>;
  readonly inCommit?: boolean;
}

export interface NewActRequest {
  readonly act: RequestedAct;
  readonly arguments: ActArguments;
  /** Undefined only for the first operators of a network. */
  readonly operatorId: string | undefined;
  readonly reason: string;
}

/** Either done by one person, or waiting for another's approval. */
export type Asked = { readonly done: Performed } | { readonly request: ActRequest };

export interface ActDecision {
  readonly requestId: string;
  readonly operatorId: string;
  readonly reason?: string | undefined;
  /**
   * The state that the approver has seen; by default the fingerprint of the request as it was
   * asked.
   */
  readonly fingerprint?: string | undefined;
}
