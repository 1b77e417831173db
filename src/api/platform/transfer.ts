// POST /api/points/transfer: moves points to another user of the same platform, or converts them to
// points of another platform.

import { Type } from 'typebox';
import type { TransferStanding, TransferStatus } from '../../clearing/saga/saga.ts';
import { identityProblems } from '../../identity/identity.ts';
import {
  bucketOf,
  deriveTransactionId,
  formatId,
  parseId,
  type MemberId,
  type PlatformId,
} from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import {
  ledgerProblems,
  type Asset,
  type LockedQuote,
  type OperationKey,
  type PostedLeg,
  type TransferCommand,
} from '../../ledger/ledger.ts';
import { MAX_QUOTE_ID, valuationProblems } from '../../valuation/valuation.ts';
import { textOf, toDetails, type Metadata as MetadataFields } from '../../views/details.ts';
import { AMOUNT_PROBLEMS, readAmount } from '../amounts.ts';
import { toPoints } from '../../views/points.ts';
import { defineOperation, RULE_PROBLEMS } from '../define-operation.ts';
import type { Caller } from '../http/request-fields.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { NOBODY } from '../points/nobody.ts';
import { DryRun, dryRunView } from '../points/rule-answers.ts';
import { createUnknownUsers, type UnknownUsers } from '../points/unknown-users.ts';
import { Amount, Category, Reference, TargetUserId, UserId } from '../schemas.ts';
import { closed, Metadata, PlatformIdText, Points, text } from '../../views/schemas.ts';

export const transfer = defineOperation({
  kind: 'transfer',
  url: '/api/points/transfer',
  summary: 'Move points to another user or platform',
  description:
    '`from_user_id` is a user of the calling platform, `to_user_id` a user of ' +
    '`target_platform`. Within a platform points move one to one. Across platforms they are ' +
    'converted at the current rate, or at the rate of the quote, rounded toward zero. All or ' +
    'nothing. If a rule asks for a review, the points are held until an operator decides, and ' +
    'status is `pending_review`. Over a connected platform the transfer is accepted with final ' +
    'terms (202, status `pending`; Location is the URL to ask) and ends as `completed` or ' +
    '`failed`. With `Prefer: wait=N` the answer waits for that end, at most N seconds and at ' +
    'most 30.',
  params: closed({}),
  body: closed({
    from_user_id: UserId,
    to_user_id: TargetUserId,
    amount: Amount,
    target_platform: PlatformIdText,
    quote_id: Type.Optional(text(MAX_QUOTE_ID, 'Uses the terms of this quote, exactly and once.')),
    category: Type.Optional(Category),
    reference: Type.Optional(Reference),
    metadata: Type.Optional(Metadata),
    dry_run: DryRun,
  }),
  answer: Type.Object({
    success: Type.Boolean({ description: 'False if the transfer has failed.' }),
    transaction_id: Type.String(),
    status: Type.String({
      description:
        '`completed`. Over a connected platform: `pending`, then `completed` or `failed`. ' +
        'After a review rule: `pending_review`, then `completed`, `pending` or `rejected`.',
    }),
    amount: Points,
    rate: Type.String({
      description: 'Target points for one source point, as decimal text; for display.',
      examples: ['0.83333333'],
    }),
    fee: Type.Number({ description: 'In points of the calling platform.' }),
    target_fee: Type.Number({ description: 'In points of target_platform.' }),
    bonus: Type.Number({ description: 'In points of target_platform; part of credited_amount.' }),
    credited_amount: Points,
    message: Type.String(),
  }),
  problems: [
    ...AMOUNT_PROBLEMS,
    'platform_not_found',
    'platform_not_sending',
    'platform_not_receiving',
    'insufficient_reserve',
    'user_not_found',
    'too_many_unknown_users',
    'connected_platform',
    'same_account',
    'insufficient_balance',
    'amount_too_small',
    'invalid_expiry',
    'quote_not_found',
    'quote_mismatch',
    'quote_expired',
    'quote_used',
    ...RULE_PROBLEMS,
  ],
  userFields: ['from_user_id'],
  async post(parts, caller, fields, key) {
    const preparing = prepare(parts, caller, fields, key);
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (!prepared.ok) return prepared;
    const { command, targetPoints } = prepared.value;
    const outcome = await parts.ledger.submit(command);
    if (!outcome.ok) return outcome;
    const { transaction, replayed } = outcome;
    // A repeated request returns the current state: of a transfer that a rule has set aside, and of
    // a transfer over connected platforms.
    const passed =
      transaction.kind === 'hold' && replayed ? await findPassed(parts, transaction) : undefined;
    const done = passed ?? transaction;
    if (done.kind === 'authorise') {
      const answer = await underWayAnswer(parts, done, replayed, caller.points, targetPoints);
      return {
        ok: true,
        answer,
        replayed,
        pendingAt: `/api/transactions/${answer.transaction_id}`,
      };
    }
    const answer =
      done.kind === 'hold'
        ? await reviewAnswer(parts, done, replayed, caller.points)
        : completedAnswer(done, caller.points, targetPoints);
    return { ok: true, answer, replayed };
  },
  async wait({ sagas }, answer, atMostMs) {
    const transactionId = parseId('txn', answer.transaction_id);
    const standing =
      transactionId === undefined ? undefined : await sagas.waitFor(transactionId, atMostMs);
    return { ...answer, ...told(standing ?? PENDING) };
  },
  async preview(parts, caller, fields) {
    const prepared = await prepare(parts, caller, fields, { key: 'dry run' }, true);
    if (!prepared.ok) return prepared;
    const { command, targetPoints } = prepared.value;
    const view = dryRunView(
      await parts.ledger.preview(command),
      command.amount,
      caller.points,
      targetPoints,
      '/api/points/transfer',
    );
    return ok(command.toMemberId === NOBODY ? { ...view, receiver: 'not_checked' as const } : view);
  },
});

/** One counter of unknown users for each server, made at first use. */
const counts = new WeakMap<ApiParts, UnknownUsers>();

function unknownUsersOf(parts: ApiParts): UnknownUsers {
  let found = counts.get(parts);
  if (found === undefined) counts.set(parts, (found = createUnknownUsers(parts)));
  return found;
}

interface Fields {
  readonly from_user_id: string;
  readonly to_user_id: string;
  readonly amount: number | string;
  readonly target_platform: string;
  readonly quote_id?: string;
  readonly category?: string;
  readonly reference?: string;
  readonly metadata?: MetadataFields;
}

interface Prepared {
  readonly command: TransferCommand;
  readonly targetPoints: Asset;
}

/**
 * Reads the fields and makes the command. Synchronous when both users are in memory, so that hot
 * paths stay synchronous up to the ledger.
 */
function prepare(
  parts: ApiParts,
  caller: Caller,
  fields: Fields,
  key: OperationKey,
  isDryRun = false,
): Result<Prepared> | Promise<Result<Prepared>> {
  const { identity, ledger } = parts;
  const { platform, points } = caller;
  const amount = readAmount(fields.amount, points);
  if (!amount.ok) return amount;
  const target = identity.findPlatform(fields.target_platform);
  if (target === undefined)
    return refuse(identityProblems.platform_not_found(undefined, { field: 'target_platform' }));
  if (target.state !== 'active')
    return refuse(identityProblems.platform_suspended(undefined, { field: 'target_platform' }));
  const targetPoints = ledger.pointsOf(target.platformId);
  if (targetPoints === undefined) return refuse(ledgerProblems.unavailable());
  const resolvingFrom = resolveUser(
    identity,
    platform.platformId,
    fields.from_user_id,
    'from_user_id',
  );
  const isElsewhere = target.platformId !== platform.platformId;
  const lookUp = (): ReturnType<typeof resolveUser> =>
    resolveUser(identity, target.platformId, fields.to_user_id, 'to_user_id');
  // A dry run posts nothing. Looking the receiver up would show for free who is a user of another
  // platform.
  const resolvingTo =
    isElsewhere && isDryRun
      ? ok(NOBODY)
      : isElsewhere
        ? unknownUsersOf(parts).find(platform.platformId, target.platformId, lookUp)
        : lookUp();
  const finish = ([from, to]: readonly [
    Awaited<typeof resolvingFrom>,
    Awaited<typeof resolvingTo>,
  ]): Result<Prepared> => {
    if (!from.ok) return from;
    if (!to.ok) return to;
    const command: TransferCommand = {
      kind: 'transfer',
      platformId: platform.platformId,
      memberId: from.value,
      ...key,
      amount: amount.value,
      toMemberId: to.value,
      targetPlatformId: target.platformId,
      reference: fields.reference,
      category: fields.category,
      tags: identity.tagsOf(platform.platformId, fields.from_user_id),
      details: toDetails(fields.metadata, { category: fields.category }),
    };
    if (fields.quote_id === undefined) return ok({ command, targetPoints });
    const quote = lockedQuote(parts, command, fields.quote_id);
    return quote.ok ? ok({ command: { ...command, quote: quote.value }, targetPoints }) : quote;
  };
  const settle = async ([from, to]: Parameters<typeof finish>[0]): Promise<Result<Prepared>> => {
    if (!from.ok || !isRefused(to)) return finish([from, to]);
    const receiver = await receiverOf(parts, targetPoints, {
      platformId: platform.platformId,
      memberId: from.value,
      key: key.key,
      toUserId: fields.to_user_id,
    });
    return finish([from, receiver === undefined ? to : ok(receiver)]);
  };
  // Both look-ups start before either is awaited, so that neither can fail unhandled.
  if (
    resolvingFrom instanceof Promise ||
    resolvingTo instanceof Promise ||
    isRefused(resolvingTo)
  ) {
    return Promise.all([resolvingFrom, resolvingTo]).then(settle);
  }
  return finish([resolvingFrom, resolvingTo]);
}

const TOO_MANY = identityProblems.too_many_unknown_users().code;

function isRefused(to: Result<MemberId>): boolean {
  return !to.ok && to.problem.code === TOO_MANY;
}

interface NamedBefore {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  readonly key: string;
  readonly toUserId: string;
}

/**
 * The receiver of the transfer that was posted under this key, if it is the receiver that is named
 * now. A caller that repeats its transfer knows this receiver already, and nobody else is looked
 * up.
 */
async function receiverOf(
  { ledger, identity }: ApiParts,
  { assetId, platformId: target }: Asset,
  named: NamedBefore,
): Promise<MemberId | undefined> {
  const { platformId, memberId, key, toUserId } = named;
  const bucket = bucketOf(memberId, ledger.bucketCount());
  const transactionId = deriveTransactionId(bucket, platformId, memberId, key);
  const [posted] = await ledger.findTransaction(transactionId);
  if (posted?.targetAssetId !== assetId || target === null) return undefined;
  const receiver = posted.counterpartyId ?? posted.memberId;
  return (await identity.userOf(target, receiver)) === toUserId ? receiver : undefined;
}

/** The terms of the quote; a problem if the quote was not made for this transfer. */
function lockedQuote(
  { quotes, ledger }: ApiParts,
  command: TransferCommand,
  quoteId: string,
): Result<LockedQuote> {
  const quote = quotes.open(quoteId);
  if (quote === undefined || quote.source !== command.platformId)
    return refuse(valuationProblems.quote_not_found(undefined, { field: 'quote_id' }));
  const differs =
    quote.target !== command.targetPlatformId
      ? 'target_platform'
      : quote.amount !== command.amount
        ? 'amount'
        : quote.memberId !== null && quote.memberId !== command.memberId
          ? 'from_user_id'
          : quote.category !== (command.category ?? '')
            ? 'category'
            : undefined;
  if (differs !== undefined)
    return refuse(
      valuationProblems.quote_mismatch(`${differs} is not that of the quote.`, { field: differs }),
    );
  return ok({
    nonce: uuidOf(quote.nonce),
    bucket: ledger.bucketOfQuote(quote.nonce, quote.memberId),
    terms: quote.terms,
    expiresAtMs: quote.expiresAtMs,
  });
}

function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function completedAnswer(transaction: PostedLeg, points: Asset, targetPoints: Asset) {
  const inTarget = (name: string): number =>
    toPoints(BigInt(textOf(transaction.details, name) ?? '0'), targetPoints);
  return {
    success: true,
    transaction_id: formatId('txn', transaction.transactionId),
    status: 'completed',
    amount: toPoints(transaction.amount, points),
    rate: transaction.rate ?? '1',
    fee: toPoints(transaction.fee ?? 0n, points),
    target_fee: inTarget('target_fee'),
    bonus: inTarget('bonus'),
    credited_amount: toPoints(transaction.credited ?? transaction.amount, targetPoints),
    message: 'Transfer completed successfully',
  };
}

/**
 * The answer of a transfer over connected platforms: its terms are final, its result is not known
 * yet.
 */
async function underWayAnswer(
  { sagas }: ApiParts,
  transaction: PostedLeg,
  replayed: boolean,
  points: Asset,
  targetPoints: Asset,
) {
  const standing = replayed ? await sagas.standingOf(transaction.transactionId) : PENDING;
  return { ...completedAnswer(transaction, points, targetPoints), ...told(standing ?? PENDING) };
}

const PENDING: TransferStanding = { status: 'pending' };

const messages: Readonly<Record<TransferStatus, string>> = {
  pending: 'Transfer accepted; the platforms are being asked',
  completed: 'Transfer completed successfully',
  failed: 'Transfer failed; everything is as before',
};

function told({ status, reason }: TransferStanding): {
  success: boolean;
  status: TransferStatus;
  message: string;
} {
  return {
    success: status !== 'failed',
    status,
    message: reason === undefined ? messages[status] : `Transfer failed: ${reason}`,
  };
}

/**
 * The transaction that was posted or authorised when an operator approved the review; undefined if
 * none was.
 */
async function findPassed({ ledger }: ApiParts, review: PostedLeg): Promise<PostedLeg | undefined> {
  const hold = await ledger.findHold(review.transactionId);
  const [passed] =
    hold?.state === 'captured' && hold.resolvedBy !== null
      ? await ledger.findTransaction(hold.resolvedBy)
      : [];
  return passed;
}

async function reviewAnswer(
  { ledger }: ApiParts,
  transaction: PostedLeg,
  replayed: boolean,
  points: Asset,
) {
  const hold = replayed ? await ledger.findHold(transaction.transactionId) : undefined;
  const rejected = hold !== undefined && hold.state !== 'held';
  return {
    success: true,
    transaction_id: formatId('txn', transaction.transactionId),
    status: rejected ? 'rejected' : 'pending_review',
    amount: toPoints(transaction.amount, points),
    rate: '0',
    fee: 0,
    target_fee: 0,
    bonus: 0,
    credited_amount: 0,
    message: rejected
      ? 'Transfer was turned down; the points are available again'
      : 'Transfer waits for an operator; the points are set aside',
  };
}
