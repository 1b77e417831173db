// A transfer over platforms that keep their points themselves, in three commits: authorise sets
// everything aside, then it is posted or undone. Pure. Before this: `commands/transfer.ts` has asked
// the rules. Between the commits: a saga asks the platforms (`src/clearing/saga/`).

import { networkOwnerId } from '../kernel/ids.ts';
import type { Details, Hold, PostedLeg, ReleaseCommand, TransferCommand } from './types.ts';
import { lastDayOf, type Terms } from '../valuation/valuation.ts';
import { creditedParts, giveMovements, receiveMovements } from './convert.ts';
import { giveBackAllowances } from './limits.ts';
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
import { platformOf, systemWallet, targetOf, type View } from './view.ts';

/** An authorisation has no timer: only whoever knows what the platforms have done may end it. */
const NO_TIMER_MS = Date.UTC(9999, 0, 1);

export interface Authorising {
  readonly command: TransferCommand;
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
  readonly view: View;
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
  view,
}: Authorising): Decision {
  const { memberId, toMemberId, amount } = command;
  const [source, target] = [view.points(command.platformId), view.points(command.targetPlatformId)];
  const bucket = view.bucketOf(memberId);
  const system = systemWallet(view, bucket, source);
  const wallet =
    source.custody === 'connected' ? system : view.wallet(bucket, memberId, source.assetId);
  const money: Movement[] = [
    {
      ...move(systemWallet(view, bucket, source, view.settlement.assetId), 'position', -terms.owed),
      layer: 'd',
    },
    {
      ...move(systemWallet(view, bucket, target, view.settlement.assetId), 'position', terms.due),
      layer: 'c',
    },
  ];
  if (terms.remainder > 0n)
    money.push({
      ...move(
        view.wallet(bucket, networkOwnerId(), view.settlement.assetId),
        'rounding',
        terms.remainder,
      ),
      layer: 'c',
    });
  return post({
    ...plan,
    legs: [
      {
        kind: 'authorise',
        memberId,
        wallet,
        amount,
        ...leg,
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

/**
 * The platforms have done their part: what was set aside is undone, and posted at the terms of
 * then.
 */
export function decidePosting(
  command: TransferCommand,
  authorisedId: NonNullable<TransferCommand['authorisedId']>,
  view: View,
): Decision {
  const [authorisation] = view.original(authorisedId);
  const hold = view.hold(authorisedId);
  if (
    authorisation?.kind !== 'authorise' ||
    hold === undefined ||
    authorisation.memberId !== command.memberId
  )
    return refusal(ledgerProblems.transaction_not_found());
  if (hold.state !== 'held')
    return refusal(ledgerProblems.hold_resolved(`This authorisation is ${hold.state}.`));
  const { bucket, memberId, amount, credited, fee, rate, details } = authorisation;
  const [source, target] = [view.asset(authorisation.assetId), targetOf(authorisation, view)];
  const toMemberId = authorisation.counterpartyId ?? memberId;
  // Points that the target keeps itself concern no account of its member here.
  const toBucket = target.custody === 'connected' ? bucket : view.bucketOf(toMemberId);
  const system = systemWallet(view, bucket, source);
  const wallet =
    source.custody === 'connected' ? system : view.wallet(bucket, memberId, source.assetId);
  const toWallet =
    target.custody === 'connected'
      ? systemWallet(view, toBucket, target)
      : view.wallet(toBucket, toMemberId, target.assetId);
  const terms = {
    credited: credited ?? 0n,
    fee: fee ?? 0n,
    targetFee: minorOf(details, 'target_fee'),
    ...moneyOf(authorisation, view),
  };
  const portions = portionsOfHold(hold, wallet);
  const given = [
    ...undo(authorisation, portions, view),
    ...giveMovements({ bucket, source, target, amount, portions, terms, view }),
  ];
  const parts =
    target.custody === 'connected'
      ? []
      : creditedParts(
          portions,
          terms.credited,
          lastDayOf(view.rulebook, platformOf(target), view.today),
        );
  const received = receiveMovements({ toBucket, target, toWallet, terms, parts, view });
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
  const other = toMemberId === memberId ? {} : { counterpartyId: toMemberId };
  const receiver = target.custody === 'connected' ? {} : { targetWallet: toWallet };
  const plan: Plan = {
    legs:
      toMemberId === memberId || target.custody === 'connected'
        ? [{ ...first, ...other, ...receiver, movements: [...given, ...received] }]
        : [
            { ...first, ...other, movements: given },
            {
              ...common,
              memberId: toMemberId,
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
  command: ReleaseCommand,
  authorisation: PostedLeg,
  hold: Hold,
  view: View,
): Decision {
  const { bucket, memberId, amount, transactionId } = authorisation;
  const source = view.asset(authorisation.assetId);
  const wallet =
    source.custody === 'connected'
      ? systemWallet(view, bucket, source)
      : view.wallet(bucket, memberId, source.assetId);
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
          ...undo(authorisation, portions, view),
          ...repayOutOf(portions, wallet).movements,
          ...giveBackAllowances(transactionId, (used) => used, view),
        ],
      },
    ],
    holds: [{ change: 'resolve', hold, state: 'released', captured: 0n }],
  });
}

/** Takes back all that an authorisation has pending. */
function undo(authorisation: PostedLeg, portions: readonly Portion[], view: View): Movement[] {
  const { bucket, amount, assetId, entries } = authorisation;
  const settlement = view.settlement.assetId;
  const [source, target] = [view.asset(assetId), targetOf(authorisation, view)];
  const money = [
    systemWallet(view, bucket, source, settlement),
    systemWallet(view, bucket, target, settlement),
    view.wallet(bucket, networkOwnerId(), settlement),
  ];
  const pending = entries.filter(
    ({ layer, accountId }) =>
      layer !== 'p' &&
      money.some(({ others }) => others.some((account) => account.accountId === accountId)),
  );
  return [
    ...setAside(portions, systemWallet(view, bucket, source), amount, -1n),
    ...pending.map(({ accountId, amount: part, layer }) => ({
      account: accountById(money, accountId),
      amount: -part,
      layer,
    })),
  ];
}

/** What the positions will move by, as the pending entries say. */
function moneyOf(authorisation: PostedLeg, view: View): Pick<Terms, 'owed' | 'due' | 'remainder'> {
  const { bucket } = authorisation;
  const settlement = view.settlement.assetId;
  const amountOn = (ownerId: Parameters<View['wallet']>[1], layer: 'd' | 'c'): bigint => {
    const accounts = view.wallet(bucket, ownerId, settlement).others;
    return (
      authorisation.entries.find(
        (entry) =>
          entry.layer === layer &&
          accounts.some((account) => account.accountId === entry.accountId),
      )?.amount ?? 0n
    );
  };
  const [source, target] = [view.asset(authorisation.assetId), targetOf(authorisation, view)];
  return {
    owed: -amountOn(systemWallet(view, bucket, source, settlement).ownerId, 'd'),
    due: amountOn(systemWallet(view, bucket, target, settlement).ownerId, 'c'),
    remainder: amountOn(networkOwnerId(), 'c'),
  };
}

/** Details keep minor units as text. */
function minorOf(details: Details | null, name: string): bigint {
  const value = details?.[name];
  return typeof value === 'string' ? BigInt(value) : 0n;
}
