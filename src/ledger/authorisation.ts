// A transfer over platforms that keep their points themselves, in three commits: authorise sets
// everything aside, then it is posted or undone. Pure. Before this: `commands/transfer.ts` has
// asked the rules. Next: `src/clearing/saga/begin-sagas.ts` in the same commit; a saga asks the
// platforms before the second commit.

import type { MemberId, TransactionId } from '../kernel/ids.ts';
import { lastDayOf, type Terms } from '../valuation/valuation.ts';
import type { Account, Wallet } from './account.ts';
import type { CommandBase } from './commands/command.ts';
import {
  creditedParts,
  giveMovements,
  positionWallets,
  receiveMovements,
  type PositionWallets,
} from './convert.ts';
import { giveBackAllowances, type AllowanceWallets } from './limits.ts';
import {
  accountById,
  move,
  portionsOfHold,
  post,
  refusal,
  repayOutOf,
  setAside,
  type Decision,
  type LegPlan,
  type Movement,
  type Plan,
  type Portion,
} from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, Details, Hold, PostedLeg } from './types.ts';
import { platformOf, systemWallet, targetOf, type DecidingView, type WalletView } from './view.ts';

/**
 * An authorisation has no timer: only the saga, which knows what the platforms have done, may end
 * it.
 */
const NO_TIMER_MS = Date.UTC(9999, 0, 1);

export interface Authorising {
  readonly command: CommandBase & { readonly amount: bigint; readonly toMemberId: MemberId };
  readonly terms: Terms;
  readonly portions: readonly Portion[];
  /** Pending movements of a review that ends with this. */
  readonly released: readonly Movement[];
  /** Allowances that are drawn now, and given back when it is undone. */
  readonly drawn: readonly Movement[];
  readonly plan: Pick<Plan, 'holds' | 'quote' | 'rulebookVersion'>;
  readonly leg: Pick<
    LegPlan,
    'credited' | 'fee' | 'rate' | 'details' | 'targetAssetId' | 'relatedId'
  >;
  /** Where the points are set aside: the member's, or the platform's own books. */
  readonly wallet: Wallet;
  /** The source platform's. */
  readonly system: Wallet;
  readonly positions: PositionWallets;
}

/**
 * Pending: portions −x, redeemed +x; position(A) − what it will owe, position(B) + what it will be
 * due, rounding + the difference.
 */
export function authorise({
  command,
  terms,
  portions,
  released,
  drawn,
  plan,
  leg,
  wallet,
  system,
  positions,
}: Authorising): Decision {
  const { memberId, toMemberId, amount } = command;
  const money: Movement[] = [
    { ...move(positions.owing, 'position', -terms.owed), layer: 'd' },
    { ...move(positions.due, 'position', terms.due), layer: 'c' },
  ];
  if (terms.remainder > 0n)
    money.push({ ...move(positions.network, 'rounding', terms.remainder), layer: 'c' });
  return post({
    ...plan,
    legs: [
      {
        ...leg,
        kind: 'authorise',
        memberId,
        wallet,
        amount,
        ...(toMemberId === memberId ? {} : { counterpartyId: toMemberId }),
        movements: [...released, ...setAside(portions, system, amount, 1n), ...money, ...drawn],
      },
    ],
    holds: [
      ...(plan.holds ?? []),
      { change: 'create', wallet, memberId, amount, portions, expiresAtMs: NO_TIMER_MS },
    ],
  });
}

/** An authorisation, and what it has pending in the bucket of the source's member. */
export interface AuthorisedWallets {
  readonly leg: PostedLeg;
  readonly source: Asset;
  readonly target: Asset;
  /** Where the points are set aside: the member's, or the platform's own books. */
  readonly wallet: Wallet;
  /** The source platform's. */
  readonly system: Wallet;
  readonly positions: PositionWallets;
}

export function authorisedWallets(leg: PostedLeg, view: WalletView): AuthorisedWallets {
  const { bucket, memberId } = leg;
  const [source, target] = [view.asset(leg.assetId), targetOf(leg, view)];
  const system = systemWallet(view, bucket, source);
  return {
    leg,
    source,
    target,
    system,
    wallet: source.custody === 'connected' ? system : view.wallet(bucket, memberId, source.assetId),
    positions: positionWallets(bucket, source, target, view),
  };
}

/** The wallets of a transfer that posts an authorisation. */
export interface Posting {
  readonly form: 'posting';
  readonly authorisedId: TransactionId;
  /** Undefined where there is no such authorisation of the member. */
  readonly authorised: (AuthorisedWallets & { readonly to: Receiver }) | undefined;
}

interface Receiver {
  readonly memberId: MemberId;
  readonly system: Wallet;
  readonly wallet: Wallet;
}

export function postingWallets(
  { memberId }: CommandBase,
  authorisedId: TransactionId,
  view: WalletView<'original'>,
): Posting {
  const [leg] = view.original(authorisedId);
  if (leg?.kind !== 'authorise' || leg.memberId !== memberId)
    return { form: 'posting', authorisedId, authorised: undefined };
  const authorised = authorisedWallets(leg, view);
  const to = receiverOf(authorised, view);
  return { form: 'posting', authorisedId, authorised: { ...authorised, to } };
}

/** Points that the target keeps itself concern no account of its member here. */
function receiverOf({ leg, target }: AuthorisedWallets, view: WalletView): Receiver {
  const memberId = leg.counterpartyId ?? leg.memberId;
  if (target.custody === 'connected') {
    const system = systemWallet(view, leg.bucket, target);
    return { memberId, system, wallet: system };
  }
  const bucket = view.bucketOf(memberId);
  return {
    memberId,
    system: systemWallet(view, bucket, target),
    wallet: view.wallet(bucket, memberId, target.assetId),
  };
}

/**
 * The platforms have done their part. Takes back what was set aside, and posts it at the terms of
 * the authorisation.
 */
export function decidePosting(
  { authorisedId, authorised }: Posting,
  view: DecidingView<'hold'>,
): Decision {
  const hold = view.hold(authorisedId);
  if (authorised === undefined || hold === undefined)
    return refusal(ledgerProblems.transaction_not_found());
  if (hold.state !== 'held')
    return refusal(ledgerProblems.hold_resolved(`This authorisation is ${hold.state}.`));
  const { leg: authorisation, target, wallet, system, positions, to } = authorised;
  const { memberId, amount, credited, fee, rate, details } = authorisation;
  const terms = {
    credited: credited ?? 0n,
    fee: fee ?? 0n,
    targetFee: minorOf(details, 'target_fee'),
    ...moneyOf(authorised),
  };
  const portions = portionsOfHold(hold, wallet);
  const given = [
    ...undo(authorised, portions),
    ...giveMovements({ system, positions, amount, portions, terms }),
  ];
  const latest = lastDayOf(view.rulebook, platformOf(target), view.today);
  const parts =
    target.custody === 'connected' ? [] : creditedParts(portions, terms.credited, latest);
  const received = receiveMovements({
    target,
    system: to.system,
    wallet: to.wallet,
    terms,
    parts,
  });
  const common = {
    kind: 'conversion' as const,
    amount,
    credited: terms.credited,
    fee: terms.fee,
    targetAssetId: target.assetId,
    details: details ?? undefined,
    ...(rate === null ? {} : { rate }),
  };
  const first = { ...common, memberId, wallet, relatedId: authorisedId };
  const other = to.memberId === memberId ? {} : { counterpartyId: to.memberId };
  const receiver = target.custody === 'connected' ? {} : { targetWallet: to.wallet };
  const plan: Plan = {
    legs:
      to.memberId === memberId || target.custody === 'connected'
        ? [{ ...first, ...other, ...receiver, movements: [...given, ...received] }]
        : [
            { ...first, ...other, movements: given },
            {
              ...common,
              memberId: to.memberId,
              counterpartyId: memberId,
              wallet,
              ...receiver,
              movements: received,
            },
          ],
    holds: [{ change: 'resolve', hold, state: 'captured', captured: amount }],
  };
  return post(
    authorisation.rulebookVersion === null
      ? plan
      : { ...plan, rulebookVersion: authorisation.rulebookVersion },
  );
}

/** Nothing has happened at the platforms, or it was undone there: everything is as before. */
export function decideUndo(
  command: CommandBase,
  hold: Hold,
  authorised: AuthorisedWallets,
  allowances: readonly AllowanceWallets[],
): Decision {
  const { memberId, amount, transactionId } = authorised.leg;
  const { wallet } = authorised;
  const portions = portionsOfHold(hold, wallet);
  return post({
    legs: [
      {
        kind: 'release',
        memberId,
        wallet,
        amount,
        relatedId: transactionId,
        details: command.details,
        movements: [
          ...undo(authorised, portions),
          ...repayOutOf(portions, wallet).movements,
          ...giveBackAllowances(allowances, (used) => used),
        ],
      },
    ],
    holds: [{ change: 'resolve', hold, state: 'released', captured: 0n }],
  });
}

/** Takes back all that an authorisation has pending. */
function undo(
  { leg, system, positions }: AuthorisedWallets,
  portions: readonly Portion[],
): Movement[] {
  const money = [positions.owing, positions.due, positions.network];
  const pending = leg.entries.filter(
    ({ layer, accountId }) =>
      layer !== 'p' &&
      money.some(({ others }) => others.some((account) => account.accountId === accountId)),
  );
  return [
    ...setAside(portions, system, leg.amount, -1n),
    ...pending.map(({ accountId, amount: part, layer }) => ({
      account: accountById(money, accountId),
      amount: -part,
      layer,
    })),
  ];
}

/** The amounts by which the positions will move, from the pending entries. */
function moneyOf({ leg, positions }: AuthorisedWallets): Pick<Terms, 'owed' | 'due' | 'remainder'> {
  const amountOn = ({ others }: Wallet, layer: 'd' | 'c'): bigint =>
    leg.entries.find((entry) => entry.layer === layer && others.some(isAccountOf(entry)))?.amount ??
    0n;
  return {
    owed: -amountOn(positions.owing, 'd'),
    due: amountOn(positions.due, 'c'),
    remainder: amountOn(positions.network, 'c'),
  };
}

function isAccountOf({ accountId }: PostedLeg['entries'][number]): (account: Account) => boolean {
  return (account) => account.accountId === accountId;
}

/** Details keep minor units as text. */
function minorOf(details: Details | null, name: string): bigint {
  const value = details?.[name];
  return typeof value === 'string' ? BigInt(value) : 0n;
}
