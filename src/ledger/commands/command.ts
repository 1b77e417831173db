// The parts of a kind of command: one object in one file, and one row in `commands.ts`. The object
// says what the command states, what its decision reads and which wallets it looks at, right beside
// the decision.

import type { MemberId, PlatformId } from '../../kernel/ids.ts';
import type { Wallet } from '../account.ts';
import type { Decision } from '../plan.ts';
import type { Details, PostedLeg, SignatureMark, TransactionKind } from '../types.ts';
import type { DecidingView, Readings, Reads, WalletView } from '../view.ts';

/** The fields that all commands have. */
export interface CommandBase {
  /** The platform that asks and whose points move first. */
  readonly platformId: PlatformId;
  /**
   * The debited member (the credited one of an earn). With `platformId` and `key` the scope of
   * idempotency.
   */
  readonly memberId: MemberId;
  /** The idempotency key: 1..255 characters. */
  readonly key: string;
  /** The caller's own reference, up to 128 characters. */
  readonly reference?: string | undefined;
  readonly details?: Details | undefined;
  /** The purpose of the operation, such as `shopping`; rules may test it. */
  readonly category?: string | undefined;
  /**
   * The tags of the member on this platform at this moment; rules may ask for them. Not part of
   * what the caller states.
   */
  readonly tags?: readonly string[] | undefined;
  /**
   * Where the request's signature does not cover the key: it may stand for this operation alone.
   */
  readonly signature?: SignatureMark | undefined;
}

/**
 * One kind of command `C`. `W` is what `wallets` lays out for `decide`; `R` are the readings that
 * `reads` may name and `decide` may ask for. The view of a decision has no wallets and no other
 * readings, so that a decision which looks at something it did not name does not compile.
 */
export interface LedgerCommand<
  C extends CommandBase & { readonly kind: TransactionKind },
  W,
  R extends keyof Readings = never,
> {
  /** True for what touches only a member's own points: a connected platform does it itself. */
  hostedOnly(command: C): boolean;
  /**
   * The values that the caller states besides kind, reference and details. Two requests with the
   * same list are the same request.
   */
  states(command: C): readonly unknown[];
  /** The kind of the row that the command was posted as; its own kind when absent. */
  postedKind?(command: C, posted: PostedLeg): TransactionKind;
  /** The first stated field of this kind alone that differs from the row. */
  differs?(command: C, posted: PostedLeg): string | undefined;
  /** The readings of the decision besides wallets, each with its id; `NO_READS` for none. */
  reads(command: C): Pick<Reads, R>;
  /**
   * Finds the wallets that the decision looks at, and asks the rules, since they tell which limits
   * are among them. It hands wallets through and never looks inside one.
   */
  wallets(command: C, view: WalletView<R>): W;
  /** Decides on these wallets. Changes nothing but empty accounts in them. */
  decide(command: C, wallets: W, view: DecidingView<R>): Decision;
}

/** The wallets of most decisions: the member's points, and the platform's system accounts. */
export interface MemberWallets {
  readonly wallet: Wallet;
  readonly system: Wallet;
}
