// A posting operation as data: its schemas and its work, once, for its own endpoint and for the
// batch endpoint.

import type { Static, TObject, TProperties } from 'typebox';
import type { Problem, Result } from '../kernel/problem.ts';
import type { OperationKey, Outcome, PostedLeg } from '../ledger/ledger.ts';
import type { Caller } from './http/request-fields.ts';
import type { MissingWords } from '../http/validation.ts';
import type { ApiParts } from './parts.ts';

export type Posted<Answer> =
  | {
      readonly ok: true;
      readonly answer: Answer;
      /** True when the key had been used before and this is the first result. */
      readonly replayed: boolean;
      /** Where to ask for it when it is accepted and not done. */
      readonly pendingAt?: string;
    }
  | { readonly ok: false; readonly problem: Problem };

export interface PostingOperation<
  Body extends TProperties = TProperties,
  Params extends TProperties = TProperties,
  Answer extends TObject = TObject,
> {
  /** Its name in a batch, in metrics and as OpenAPI operationId. */
  readonly kind: string;
  /** Path parameters are written `:name`. */
  readonly url: string;
  readonly summary: string;
  readonly description: string;
  readonly body: TObject<Body>;
  /** Path parameters; fields of the operation in a batch. */
  readonly params: TObject<Params>;
  readonly answer: Answer;
  readonly missing?: MissingWords;
  /** Fields that name the caller's own users, so that a batch can look all of them up at once. */
  readonly userFields?: readonly string[];
  /**
   * Runs without a pause up to the ledger when the users are known, which keeps the order of a
   * batch.
   */
  post(
    parts: ApiParts,
    caller: Caller,
    fields: Static<TObject<Body>> & Static<TObject<Params>>,
    key: OperationKey,
  ): Promise<Posted<Static<Answer>>>;
  /** Waits until what is accepted is done, at most so long; answers as `post` would then. */
  wait?(parts: ApiParts, answer: Static<Answer>, atMostMs: number): Promise<Static<Answer>>;
  /** What it would come to; asked instead of `post` when the field `dry_run` is true. */
  preview?(
    parts: ApiParts,
    caller: Caller,
    fields: Static<TObject<Body>> & Static<TObject<Params>>,
  ): Promise<Result<object>>;
}

/** True when nothing is to be posted. */
export function isDryRun(
  operation: PostingOperation,
  fields: Readonly<Record<string, unknown>>,
): boolean {
  return operation.preview !== undefined && fields['dry_run'] === true;
}

/**
 * Keeps the exact types of one operation while it is written; they are erased in the table of all.
 */
export function defineOperation<
  Body extends TProperties,
  Params extends TProperties,
  Answer extends TObject,
>(operation: PostingOperation<Body, Params, Answer>): PostingOperation<Body, Params, Answer> {
  return operation;
}

/** The ledger's outcome as an answer. */
export function answerOutcome<Answer>(
  outcome: Outcome,
  answer: (transaction: PostedLeg) => Answer,
): Posted<Answer> {
  return outcome.ok
    ? { ok: true, answer: answer(outcome.transaction), replayed: outcome.replayed }
    : outcome;
}
