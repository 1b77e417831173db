// Transfer: points to another member of the same platform, or converted to points of another
// platform. Pure. A review rule sets the points aside instead, until an operator lets the transfer
// pass; a platform that keeps its points itself makes it an authorisation (`authorisation.ts`).
// Before this: a command from the API. After this: `post-plan.ts` carries the plan out.

import { formatAmountText } from '../../kernel/amount.ts';
import type { Problem } from '../../kernel/problem.ts';
import { DAY_MS } from '../../kernel/time.ts';
import {
  evaluateConversion,
  evaluateOperation,
  lastDayOf,
  valuationProblems,
  type Terms,
} from '../../valuation/valuation.ts';
import { accountOf, availableOf, type Wallet } from '../account.ts';
import { closedBetween } from '../clearing-mode.ts';
import { creditedParts, giveMovements, receiveMovements, shortOf } from '../convert.ts';
import { authorise, decidePosting } from '../authorisation.ts';
import { drawAllowances, factsOf, isDrawn } from '../limits.ts';
import {
  balanceLimit,
  credit,
  debit,
  move,
  portionsOfHold,
  portionsToSpend,
  post,
  refusal,
  setAside,
  type Decision,
  type LegPlan,
  type Movement,
  type Plan,
  type Portion,
} from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { Asset, Details, Hold, LockedQuote, TransferCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

export function decideTransfer(command: TransferCommand, view: View): Decision {
  if (command.authorisedId !== undefined) return decidePosting(command, command.authorisedId, view);
  return command.targetPlatformId === command.platformId
    ? decideMove(command, view)
    : decideConversion(command, view);
}

/**
 * Within one platform: member −x, transit +x; transit −x, other member +x. The points keep their
 * expiry.
 */
function decideMove(command: TransferCommand, view: View): Decision {
  const { memberId, toMemberId, amount } = command;
  if (memberId === toMemberId) return refusal(ledgerProblems.same_account());
  const points = view.points(command.platformId);
  if (points.custody === 'connected') return refusal(ledgerProblems.connected_platform());
  const [bucket, toBucket] = [view.bucketOf(memberId), view.bucketOf(toMemberId)];
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const toWallet = view.wallet(toBucket, toMemberId, points.assetId);
  const verdict = evaluateOperation(
    view.rulebook,
    factsOf(command, 'transfer', amount, view),
    view.scales,
  );
  if (verdict.type === 'refuse') return refusal(verdict.problem);
  const taking = takeFrom(command, wallet, points, view);
  if ('type' in taking) return taking;
  if (verdict.type === 'review' && taking.hold === undefined)
    return setAsideForReview(command, taking, wallet, verdict, view);
  const { portions } = taking;
  const tooMuch = balanceLimit(toWallet, amount, view.today);
  if (tooMuch !== undefined) return refusal(tooMuch);
  const drawn = drawAllowances(verdict.limits, bucket, view);
  if (!isDrawn(drawn)) return drawn;
  const parts = portions.map((portion) => ({
    expiresOn: portion.lot.expiresOn,
    amount: portion.amount,
  }));
  const details = command.details;
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
          move(systemWallet(view, bucket, points), 'transit', amount),
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
        movements: [
          move(systemWallet(view, toBucket, points), 'transit', -amount),
          ...credit(toWallet, parts),
        ],
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
function decideConversion(command: TransferCommand, view: View): Decision {
  const { memberId, toMemberId, amount, quote } = command;
  const source = view.points(command.platformId);
  const target = view.points(command.targetPlatformId);
  const closed = closedBetween(source, target);
  if (closed !== undefined) return refusal(closed);
  const refused = quote === undefined ? undefined : quoteProblem(quote, view);
  if (refused !== undefined) return refusal(refused);
  const conversion = evaluateConversion(
    view.rulebook,
    factsOf(command, 'conversion', amount, view),
    view.scales,
    quote === undefined ? NO_QUOTE : { locked: quote.terms },
  );
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

  const bucket = view.bucketOf(memberId);
  const toBucket = memberId === toMemberId ? bucket : view.bucketOf(toMemberId);
  const wallet = view.wallet(bucket, memberId, source.assetId);
  const toWallet = view.wallet(toBucket, toMemberId, target.assetId);
  const taking = takeFrom(command, wallet, source, view);
  if ('type' in taking) return taking;
  if (conversion.type === 'review' && taking.hold === undefined)
    return setAsideForReview(command, taking, wallet, conversion, view);
  const { portions } = taking;
  const tooMuch =
    target.custody === 'hosted' ? balanceLimit(toWallet, terms.credited, view.today) : undefined;
  if (tooMuch !== undefined) return refusal(tooMuch);
  const drawn = drawAllowances(conversion.limits, bucket, view);
  if (!isDrawn(drawn)) return drawn;

  const owing = move(
    systemWallet(view, bucket, source, view.settlement.assetId),
    'position',
    -terms.owed,
  );
  const short = shortOf(owing.account, terms.owed);
  if (short !== undefined) return short;

  const { credited, fee, rate } = terms;
  const common = {
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
      leg: { ...common, ...relatedTo(taking) },
      view,
    });
  }
  const given = [
    ...taking.released,
    ...giveMovements({ bucket, source, target, amount, portions, terms, view }),
    ...drawn,
  ];
  const received = receiveMovements({
    toBucket,
    target,
    toWallet,
    terms,
    parts: creditedParts(portions, credited, latest),
    view,
  });
  if (memberId === toMemberId) {
    return post({
      ...plan,
      legs: [
        {
          kind: 'conversion',
          memberId,
          wallet,
          targetWallet: toWallet,
          amount,
          ...common,
          ...relatedTo(taking),
          movements: [...given, ...received],
        },
      ],
    });
  }
  return post({
    ...plan,
    legs: [
      {
        kind: 'conversion',
        memberId,
        counterpartyId: toMemberId,
        wallet,
        amount,
        ...common,
        ...relatedTo(taking),
        movements: given,
      },
      {
        kind: 'conversion',
        memberId: toMemberId,
        counterpartyId: memberId,
        wallet,
        targetWallet: toWallet,
        amount,
        ...common,
        movements: received,
      },
    ],
  });
}

const NO_QUOTE = {};

function quoteProblem(quote: LockedQuote, view: View): Problem | undefined {
  if (view.quoteUser(quote.nonce) !== undefined) return valuationProblems.quote_used();
  return quote.expiresAtMs <= view.nowMs ? valuationProblems.quote_expired() : undefined;
}

/**
 * What the row itself has no column for, in minor units of the target's points; only where there is
 * something.
 */
function withTerms(details: Details | undefined, { targetFee, bonus }: Terms): Details | undefined {
  if (targetFee === 0n && bonus === 0n) return details;
  return {
    ...details,
    ...(targetFee === 0n ? {} : { target_fee: String(targetFee) }),
    ...(bonus === 0n ? {} : { bonus: String(bonus) }),
  };
}

/**
 * Where the points come from: the member's lots, or those that a hold has set aside while an
 * operator looked.
 */
interface Taking {
  readonly portions: readonly Portion[];
  readonly hold: Hold | undefined;
  /** Pending movements that the end of the hold undoes. */
  readonly released: readonly Movement[];
}

const NOTHING_RELEASED: readonly Movement[] = [];

function takeFrom(
  command: TransferCommand,
  wallet: Wallet,
  points: Asset,
  view: View,
): Taking | Decision {
  const { amount, reviewedHoldId } = command;
  // Whether the user has them is for the platform to say.
  if (points.custody === 'connected' && reviewedHoldId === undefined) {
    return {
      portions: [{ lot: accountOf(systemWallet(view, wallet.bucket, points), 'external'), amount }],
      hold: undefined,
      released: NOTHING_RELEASED,
    };
  }
  if (reviewedHoldId === undefined) {
    const portions = portionsToSpend(wallet, amount, view.today);
    return portions === undefined
      ? refusal(insufficient(availableOf(wallet, view.today), amount, points))
      : { portions, hold: undefined, released: NOTHING_RELEASED };
  }
  const hold = view.hold(reviewedHoldId);
  if (
    hold === undefined ||
    hold.memberId !== command.memberId ||
    hold.assetId !== points.assetId ||
    hold.amount !== amount
  )
    return refusal(ledgerProblems.hold_not_found());
  if (hold.state !== 'held')
    return refusal(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
  if (hold.expiresAtMs <= view.nowMs) return refusal(ledgerProblems.hold_expired());
  const system = systemWallet(view, wallet.bucket, points);
  const portions = portionsOfHold(hold, points.custody === 'connected' ? system : wallet);
  return { portions, hold, released: setAside(portions, system, amount, -1n) };
}

function resolving({ hold }: Taking, amount: bigint): Pick<Plan, 'holds'> {
  return hold === undefined
    ? {}
    : { holds: [{ change: 'resolve', hold, state: 'captured', captured: amount }] };
}

function relatedTo({ hold }: Taking): Pick<LegPlan, 'relatedId'> {
  return hold === undefined ? {} : { relatedId: hold.holdId };
}

/** How long an operator has to look; then the points are free again. */
const REVIEW_DAYS = 7;

/**
 * Pending: member −x, redeemed +x. The row tells what is to be done when an operator lets it pass.
 */
function setAsideForReview(
  command: TransferCommand,
  { portions }: Taking,
  wallet: Wallet,
  review: { readonly item: string; readonly reason: string },
  view: View,
): Decision {
  const { memberId, toMemberId, amount } = command;
  const points = view.points(command.platformId);
  const { review_days: days = REVIEW_DAYS } = view.rulebook.document.settings;
  return post({
    rulebookVersion: view.rulebook.version,
    legs: [
      {
        kind: 'hold',
        memberId,
        wallet,
        amount,
        counterpartyId: toMemberId,
        targetAssetId: view.points(command.targetPlatformId).assetId,
        details: { ...command.details, review: review.item, review_reason: review.reason },
        movements: setAside(portions, systemWallet(view, wallet.bucket, points), amount, 1n),
      },
    ],
    holds: [
      {
        change: 'create',
        wallet,
        memberId,
        amount,
        portions,
        expiresAtMs: view.nowMs + days * DAY_MS,
      },
    ],
  });
}

export function insufficient(
  available: bigint,
  amount: bigint,
  points: Asset,
): ReturnType<typeof ledgerProblems.insufficient_balance> {
  const [have, want] = [
    formatAmountText(available, points.scale),
    formatAmountText(amount, points.scale),
  ];
  return ledgerProblems.insufficient_balance(`${want} were asked for and ${have} are available.`, {
    available: Number(have),
  });
}
