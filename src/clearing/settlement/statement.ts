// A platform's statement for a window: one structure, from which JSON, CSV and the printed page are
// made.

import type { PlatformId } from '../../kernel/ids.ts';
import { getPoints, type Asset, type Ledger } from '../../ledger/ledger.ts';
import type { WindowState } from './states.ts';
import {
  NET,
  type CarriedOver,
  type CarveOut,
  type Net,
  type Obligation,
  type Pair,
  type PairKind,
  type PartPayment,
  type SettlementAct,
  type SettlementWindow,
} from './types.ts';

/** Everything in one direction with one other platform. */
interface StatementLine {
  readonly counterpart: PlatformId;
  /**
   * `sent`: out of this platform's points; `received`: into them. Reversals are listed in the
   * direction of what they reverse.
   */
  readonly direction: 'sent' | 'received';
  readonly kind: PairKind;
  readonly transactions: bigint;
  /** Minor units of this platform's points, and of the counterpart's. */
  readonly ownPoints: bigint;
  readonly otherPoints: bigint;
  /** The effect on this platform's position: negative for what it owes. */
  readonly money: bigint;
}

/** A disputed transaction that was left out of this window, or came back into it. */
interface StatementCarveOut {
  readonly transactionId: CarveOut['transactionId'];
  readonly direction: 'out' | 'in';
  readonly counterpart: PlatformId;
  readonly source: PlatformId;
  /** Minor units of the source's points. */
  readonly points: bigint;
  /** Its effect on the amount to settle. */
  readonly money: bigint;
}

/**
 * An amount carried over to a later window, or from an earlier one, when a platform that could not
 * pay was left out.
 */
interface StatementCarried {
  readonly direction: 'out' | 'in';
  /** The window to which or from which it was carried. */
  readonly otherWindowId: number;
  readonly leftOut: PlatformId;
  /** Its effect on the amount to settle. */
  readonly money: bigint;
}

export interface StatementObligation extends Pick<
  Obligation,
  | 'basis'
  | 'amount'
  | 'paid'
  | 'state'
  | 'paidFrom'
  | 'bankReference'
  | 'transactionId'
  | 'paidAtMs'
> {
  /** It is proposed again, in a window that was approved before. */
  readonly changing: boolean;
  /** The payments of it, in order. */
  readonly parts: readonly PartPayment[];
  /** The pair that is settled by itself; undefined for the net of all others. */
  readonly pair: { readonly source: string; readonly target: string } | undefined;
}

export interface Statement {
  readonly platformId: PlatformId;
  readonly platformName: string;
  readonly windowId: number;
  readonly state: WindowState;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly settledAtMs: number | null;
  readonly timeZone: string;
  readonly currency: Asset;
  readonly points: Asset;
  /** Points of any platform that is named in it. */
  readonly pointsOf: (platformId: PlatformId) => Asset;
  /** Position: opening + net + paid = closing. Negative for what the platform owes. */
  readonly opening: bigint;
  readonly net: bigint;
  readonly paid: bigint;
  readonly closing: bigint;
  /** The sum of their money is the net. */
  readonly lines: readonly StatementLine[];
  readonly carveOuts: readonly StatementCarveOut[];
  readonly carried: readonly StatementCarried[];
  /** net + Σ carveOuts + Σ carried: positive for what the platform is to be paid. */
  readonly toSettle: bigint;
  /** Empty until the payment is proposed. */
  readonly obligations: readonly StatementObligation[];
  readonly settled: bigint;
  readonly outstanding: bigint;
  /** When the last part was paid. */
  readonly paidAtMs: number | null;
}

export interface StatementSource {
  readonly window: SettlementWindow;
  readonly nets: readonly Net[];
  readonly pairs: readonly Pair[];
  readonly carveOuts: readonly CarveOut[];
  readonly obligations: readonly Obligation[];
  readonly carried: readonly CarriedOver[];
  /** Operators' acts on it besides the payment, oldest first. */
  readonly acts: readonly SettlementAct[];
}

/** A window's figures for one platform; a platform that joined later has zeros. */
export function makeStatement(
  { window, nets, pairs, carveOuts, obligations, carried }: StatementSource,
  platform: { readonly platformId: PlatformId; readonly name: string; readonly timeZone: string },
  ledger: Pick<Ledger, 'pointsOf' | 'settlementAsset'>,
): Statement {
  const { platformId } = platform;
  const own = nets.find(({ participant }) => participant === platformId) ?? {
    opening: 0n,
    net: 0n,
    paid: 0n,
    closing: 0n,
  };
  const lines = pairs.flatMap((pair) => lineOf(pair, platformId) ?? []);
  const carved = carveOuts.flatMap((carveOut) => carvedOf(carveOut, platformId) ?? []);
  const due = obligations.filter(({ participant }) => participant === platformId);
  const over = carried
    .filter(({ participant }) => participant === platformId)
    .map((each) => carriedOf(each, window.windowId));
  const toSettle = own.net + [...carved, ...over].reduce((sum, { money }) => sum + money, 0n);
  const settled = due.reduce((sum, { paid }) => sum + paid, 0n);
  const paidAt = due
    .flatMap(({ parts }) => parts)
    .flatMap(({ postedAtMs, amount }) => (amount === 0n ? [] : (postedAtMs ?? [])));
  return {
    platformId,
    platformName: platform.name,
    timeZone: platform.timeZone,
    windowId: window.windowId,
    state: window.state,
    openedAtMs: window.openedAtMs,
    closedAtMs: window.closedAtMs ?? 0,
    settledAtMs: window.settledAtMs,
    currency: ledger.settlementAsset(),
    points: getPoints(ledger, platformId),
    pointsOf: (other) => getPoints(ledger, other),
    opening: own.opening,
    net: own.net,
    paid: own.paid,
    closing: own.closing,
    lines,
    carveOuts: carved,
    carried: over,
    toSettle,
    obligations: due.map(
      ({
        basis,
        amount,
        paid,
        parts,
        state,
        paidFrom,
        bankReference,
        transactionId,
        paidAtMs,
      }) => ({
        changing: state === 'proposed' && window.approvedBy !== null,
        basis,
        pair: pairOf(basis),
        amount,
        paid,
        parts: parts.filter((part) => part.state === 'posted' && part.amount !== 0n),
        state,
        paidFrom,
        bankReference,
        transactionId,
        paidAtMs,
      }),
    ),
    settled,
    outstanding: toSettle - settled,
    paidAtMs: paidAt.length === 0 ? null : Math.max(...paidAt),
  };
}

function lineOf(
  { source, target, kind, transactions, amount, credited, owed, due }: Pair,
  platformId: PlatformId,
): StatementLine | undefined {
  if (source === platformId)
    return {
      counterpart: target,
      direction: 'sent',
      kind,
      transactions,
      ownPoints: amount,
      otherPoints: credited,
      money: -owed,
    };
  return target === platformId
    ? {
        counterpart: source,
        direction: 'received',
        kind,
        transactions,
        ownPoints: credited,
        otherPoints: amount,
        money: due,
      }
    : undefined;
}

function carvedOf(
  { transactionId, direction, source, target, amount, sourceEffect, targetEffect }: CarveOut,
  platformId: PlatformId,
): StatementCarveOut | undefined {
  if (source !== platformId && target !== platformId) return undefined;
  const effect = source === platformId ? sourceEffect : targetEffect;
  return {
    transactionId,
    direction,
    source,
    counterpart: source === platformId ? target : source,
    points: amount,
    money: direction === 'out' ? -effect : effect,
  };
}

function carriedOf(
  { windowId: from, toWindowId, leftOut, amount }: CarriedOver,
  windowId: number,
): StatementCarried {
  return from === windowId
    ? { direction: 'out', otherWindowId: toWindowId, leftOut, money: -amount }
    : { direction: 'in', otherWindowId: from, leftOut, money: amount };
}

function pairOf(basis: string): StatementObligation['pair'] {
  if (basis === NET) return undefined;
  const [source = '', target = ''] = basis.split('>');
  return { source, target };
}
