// Transfer: points to another member of the same platform, or converted to points of another
// platform. Pure. Row of `commands.ts`. A review rule sets the points aside instead, until an
// operator lets the transfer pass; a platform that keeps its points itself makes it an
// authorisation (`authorisation.ts`). Before this: `batch.ts` has the wallets in memory. After
// this: `post-plan.ts` carries the plan out.

import type { Problem } from '../../kernel/problem.ts';
import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import {
  evaluateConversion,
  evaluateOperation,
  lastDayOf,
  valuationProblems,
  type Conversion,
  type EvaluateOptions,
  type Terms,
  type Verdict,
} from '../../valuation/valuation.ts';
import { accountOf, type Wallet } from '../account.ts';
import { authorise, decidePosting, postingWallets, type Posting } from '../authorisation.ts';
import { closedBetween } from '../clearing-mode.ts';
import {
  creditedParts,
  giveMovements,
  positionWallets,
  receiveMovements,
  shortOf,
  type PositionWallets,
} from '../convert.ts';
import { drawAllowances, factsOf, isDrawn, limitWallets, type LimitWallets } from '../limits.ts';
import { balanceLimit, credit, debit, move, post, refusal, type Decision } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { relatedTo, resolving, setAsideForReview, takeFrom } from '../taking.ts';
import type { Asset, Details } from '../types.ts';
import {
  NO_READS,
  systemWallet,
  type BaseView,
  type DecidingView,
  type WalletView,
} from '../view.ts';
import type { CommandBase, LedgerCommand } from './command.ts';

/** Terms that were promised; used once, by the transaction that names them. */
export interface LockedQuote {
  /** A UUID. */
  readonly nonce: string;
  /** Where its use is noted. */
  readonly bucket: Bucket;
  readonly terms: Terms;
  readonly expiresAtMs: number;
}

/**
 * Within one platform, or across two: then the amount is converted at the terms of the moment. When
 * one of them keeps its points itself, the transfer is only authorised: all it will move is set
 * aside at these terms, until it is posted (`authorisedId`) or undone (a release).
 */
export interface TransferCommand extends CommandBase {
  readonly kind: 'transfer';
  readonly amount: bigint;
  readonly toMemberId: MemberId;
  readonly targetPlatformId: PlatformId;
  /** A quote whose terms are to be used. */
  readonly quote?: LockedQuote | undefined;
  /**
   * The hold under which an operator has looked at it: its points are moved, and review rules are
   * not asked again.
   */
  readonly reviewedHoldId?: TransactionId | undefined;
  /**
   * The authorisation that is to be posted, at its own terms and without asking the rules again;
   * the platforms have done their part.
   */
  readonly authorisedId?: TransactionId | undefined;
}

/** The points move within one platform. */
interface Moving {
  readonly form: 'move';
  readonly points: Asset;
  /** The wallets of the sender and of the receiver, each in its own bucket. */
  readonly wallet: Wallet;
  readonly system: Wallet;
  readonly toWallet: Wallet;
  readonly toSystem: Wallet;
  readonly verdict: Verdict;
  readonly limits: readonly LimitWallets[];
}

/** The points of the source become points of the target. */
interface Converting {
  readonly form: 'conversion';
  readonly source: Asset;
  readonly target: Asset;
  readonly wallet: Wallet;
  readonly system: Wallet;
  readonly toWallet: Wallet;
  readonly toSystem: Wallet;
  readonly positions: PositionWallets;
  readonly conversion: Conversion;
  readonly limits: readonly LimitWallets[];
}

type TransferReadings = 'hold' | 'original' | 'quoteUser';
type TransferView = DecidingView<TransferReadings>;

export const transfer: LedgerCommand<
  TransferCommand,
  Moving | Converting | Posting,
  TransferReadings
> = {
  hostedOnly: () => false,
  states: ({ amount, toMemberId, targetPlatformId, quote, authorisedId }) => [
    String(amount),
    toMemberId,
    targetPlatformId,
    ...(quote === undefined ? [] : [quote.nonce]),
    ...(authorisedId === undefined ? [] : [authorisedId]),
  ],
  postedKind: (command, posted) => {
    // A transfer that waited for an operator stands in the journal as a hold.
    if (posted.kind === 'hold' && posted.targetAssetId !== null) return 'hold';
    if (posted.kind === 'authorise') return 'authorise';
    return operationOf(command);
  },
  reads: ({ quote, reviewedHoldId, authorisedId }) =>
    quote === undefined && reviewedHoldId === undefined && authorisedId === undefined
      ? NO_READS
      : { quoteUser: quote, hold: authorisedId ?? reviewedHoldId, original: authorisedId },
  wallets: (command, view) => {
    if (command.authorisedId !== undefined)
      return postingWallets(command, command.authorisedId, view);
    return operationOf(command) === 'transfer'
      ? walletsOfMove(command, view)
      : walletsOfConversion(command, view);
  },
  decide: (command, wallets, view) => {
    switch (wallets.form) {
      case 'posting':
        return decidePosting(wallets, view);
      case 'move':
        return decideMove(command, wallets, view);
      case 'conversion':
        return decideConversion(command, wallets, view);
    }
  },
};

/** The name of the operation for the rules. */
function operationOf(command: TransferCommand): 'transfer' | 'conversion' {
  return command.targetPlatformId === command.platformId ? 'transfer' : 'conversion';
}

/** The verdict of the rules on a transfer within one platform. */
export function judgeMove(
  command: TransferCommand,
  view: BaseView,
  options?: EvaluateOptions,
): Verdict {
  const facts = factsOf(command, 'transfer', command.amount, view);
  return evaluateOperation(view.rulebook, facts, view.scales, options);
}

/** The verdict of the rules on a conversion, at the terms of its quote where it has one. */
export function judgeConversion(
  command: TransferCommand,
  view: BaseView,
  options?: EvaluateOptions,
): Conversion {
  const { quote } = command;
  const facts = factsOf(command, 'conversion', command.amount, view);
  const asking = quote === undefined ? options : { ...options, locked: quote.terms };
  return evaluateConversion(view.rulebook, facts, view.scales, asking);
}

function walletsOfMove(command: TransferCommand, view: WalletView): Moving {
  const { memberId, toMemberId } = command;
  const points = view.points(command.platformId);
  const [bucket, toBucket] = [view.bucketOf(memberId), view.bucketOf(toMemberId)];
  const verdict = judgeMove(command, view);
  return {
    form: 'move',
    points,
    wallet: view.wallet(bucket, memberId, points.assetId),
    system: systemWallet(view, bucket, points),
    toWallet: view.wallet(toBucket, toMemberId, points.assetId),
    toSystem: systemWallet(view, toBucket, points),
    verdict,
    limits: limitWallets(verdict, bucket, view),
  };
}

function walletsOfConversion(command: TransferCommand, view: WalletView): Converting {
  const { memberId, toMemberId } = command;
  const source = view.points(command.platformId);
  const target = view.points(command.targetPlatformId);
  const bucket = view.bucketOf(memberId);
  const toBucket = memberId === toMemberId ? bucket : view.bucketOf(toMemberId);
  const conversion = judgeConversion(command, view);
  return {
    form: 'conversion',
    source,
    target,
    wallet: view.wallet(bucket, memberId, source.assetId),
    system: systemWallet(view, bucket, source),
    toWallet: view.wallet(toBucket, toMemberId, target.assetId),
    toSystem: systemWallet(view, toBucket, target),
    positions: positionWallets(bucket, source, target, view),
    conversion,
    limits: limitWallets(conversion, bucket, view),
  };
}

/**
 * Within one platform: member −x, transit +x; transit −x, other member +x. The points keep their
 * expiry.
 */
function decideMove(command: TransferCommand, wallets: Moving, view: TransferView): Decision {
  const { memberId, toMemberId, amount, details } = command;
  if (memberId === toMemberId) return refusal(ledgerProblems.same_account());
  const { points, wallet, system, toWallet, toSystem, verdict, limits } = wallets;
  if (points.custody === 'connected') return refusal(ledgerProblems.connected_platform());
  if (verdict.type === 'refuse') return refusal(verdict.problem);
  const taking = takeFrom(command, wallet, system, points, view);
  if ('type' in taking) return taking;
  if (verdict.type === 'review' && taking.hold === undefined)
    return setAsideForReview(command, taking, wallet, system, verdict, view);
  const { portions } = taking;
  const tooMuch = balanceLimit(toWallet, amount, view.today);
  if (tooMuch !== undefined) return refusal(tooMuch);
  const drawn = drawAllowances(limits);
  if (!isDrawn(drawn)) return drawn;
  const parts = portions.map((portion) => ({
    expiresOn: portion.lot.expiresOn,
    amount: portion.amount,
  }));
  return post({
    ...resolving(taking, amount),
    rulebookVersion: view.rulebook.version,
    legs: [
      {
        kind: 'transfer',
        memberId,
        counterpartyId: toMemberId,
        wallet,
        amount,
        details,
        ...relatedTo(taking),
        movements: [
          ...taking.released,
          ...debit(portions),
          move(system, 'transit', amount),
          ...drawn,
        ],
      },
      {
        kind: 'transfer',
        memberId: toMemberId,
        counterpartyId: memberId,
        wallet: toWallet,
        amount,
        details,
        movements: [move(toSystem, 'transit', -amount), ...credit(toWallet, parts)],
      },
    ],
  });
}

/**
 * Across platforms, x points of A (of which f are kept as fee) into points of B: member@A −x,
 * redeemed@A +(x−f), fee@A +f; issued@B −, member@B + what is credited, fee@B + what B keeps;
 * position(A) − what it owes, position(B) + what it is due, rounding + the difference. One row when
 * the member stays the same, two when another member receives.
 */
function decideConversion(
  command: TransferCommand,
  wallets: Converting,
  view: TransferView,
): Decision {
  const { memberId, toMemberId, amount, quote } = command;
  const { source, target, wallet, system, toWallet, toSystem, positions, conversion } = wallets;
  const closed = closedBetween(source, target);
  if (closed !== undefined) return refusal(closed);
  const refused = quote === undefined ? undefined : quoteProblem(quote, view);
  if (refused !== undefined) return refusal(refused);
  if (conversion.type === 'refuse') return refusal(conversion.problem);
  const { terms } = conversion;
  if (terms.credited <= 0n || terms.owed <= 0n) return refusal(ledgerProblems.amount_too_small());
  const latest = lastDayOf(view.rulebook, command.targetPlatformId, view.today);
  if (latest < view.today)
    return refusal(
      ledgerProblems.invalid_expiry(`The points would have expired on ${latest}.`, {
        field: 'target_platform',
      }),
    );

  const taking = takeFrom(command, wallet, system, source, view);
  if ('type' in taking) return taking;
  if (conversion.type === 'review' && taking.hold === undefined)
    return setAsideForReview(command, taking, wallet, system, conversion, view);
  const { portions } = taking;
  const tooMuch =
    target.custody === 'hosted' ? balanceLimit(toWallet, terms.credited, view.today) : undefined;
  if (tooMuch !== undefined) return refusal(tooMuch);
  const drawn = drawAllowances(wallets.limits);
  if (!isDrawn(drawn)) return drawn;

  const short = shortOf(accountOf(positions.owing, 'position'), terms.owed);
  if (short !== undefined) return short;

  const { credited, fee, rate } = terms;
  const leg = {
    kind: 'conversion' as const,
    amount,
    credited,
    fee,
    rate,
    details: withTerms(command.details, terms),
    targetAssetId: target.assetId,
  };
  const plan = {
    ...resolving(taking, amount),
    ...(quote === undefined ? {} : { quote }),
    rulebookVersion: view.rulebook.version,
  };
  if (source.custody === 'connected' || target.custody === 'connected') {
    return authorise({
      command,
      terms,
      portions,
      released: taking.released,
      drawn,
      plan,
      leg: { ...leg, ...relatedTo(taking) },
      wallet: source.custody === 'connected' ? system : wallet,
      system,
      positions,
    });
  }
  const given = [
    ...taking.released,
    ...giveMovements({ system, positions, amount, portions, terms }),
    ...drawn,
  ];
  const parts = creditedParts(portions, credited, latest);
  const received = receiveMovements({ target, system: toSystem, wallet: toWallet, terms, parts });
  const first = { ...leg, memberId, wallet, ...relatedTo(taking) };
  if (memberId === toMemberId)
    return post({
      ...plan,
      legs: [{ ...first, targetWallet: toWallet, movements: [...given, ...received] }],
    });
  return post({
    ...plan,
    legs: [
      { ...first, counterpartyId: toMemberId, movements: given },
      {
        ...leg,
        memberId: toMemberId,
        counterpartyId: memberId,
        wallet,
        targetWallet: toWallet,
        movements: received,
      },
    ],
  });
}

function quoteProblem(quote: LockedQuote, view: TransferView): Problem | undefined {
  if (view.quoteUser(quote.nonce) !== undefined) return valuationProblems.quote_used();
  return quote.expiresAtMs <= view.nowMs ? valuationProblems.quote_expired() : undefined;
}

/**
 * Terms that have no column of their own, in minor units of the target's points. Zero amounts are
 * left out.
 */
function withTerms(details: Details | undefined, { targetFee, bonus }: Terms): Details | undefined {
  if (targetFee === 0n && bonus === 0n) return details;
  return {
    ...details,
    ...(targetFee === 0n ? {} : { target_fee: String(targetFee) }),
    ...(bonus === 0n ? {} : { bonus: String(bonus) }),
  };
}
