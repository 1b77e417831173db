// A settlement window as operators see it, with its figures and acts; and the settings of
// settlement.

import { Type } from 'typebox';
import {
  ACT_KINDS,
  NETWORK,
  WINDOW_STATES,
  type Participant,
  type SettlementAct,
  type SettlementSettings,
  type SettlementWindow,
  type StatementSource,
} from '../clearing/settlement/settlement.ts';
import { formatAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import { describePartPayment, PartPaymentView } from './part-payment.ts';

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const Money = Type.Number({
  description: 'In the settlement currency; negative for what is owed or paid.',
});

/** The state of a settlement window. */
export const WindowStateText = Type.Enum([...WINDOW_STATES], {
  description:
    'open, closed (figures are final), proposed (waits for another operator), settling (being ' +
    'paid), aborting (what was taken is being given back), settled.',
});

const head = {
  window_id: Type.Integer(),
  state: WindowStateText,
  opened_at: Type.String({ description: 'RFC 3339.' }),
  closed_at: Nullable('RFC 3339.'),
  closed_by: Nullable('An operator, or `schedule`.'),
  counted_at: Nullable(
    'When its pairs had been counted and compared with its nets; until then it cannot be settled.',
  ),
  mismatch: Nullable('A difference between nets and pairs; such a window cannot be settled.'),
  proposed_by: Nullable('The operator who proposed how it is paid.'),
  proposed_at: Nullable('RFC 3339.'),
  approved_by: Nullable('The other operator who confirmed it.'),
  approved_at: Nullable('RFC 3339.'),
  settled_at: Nullable('When the last obligation was paid.'),
};
/** A window without its figures. */
export const WindowHead = Type.Object(head);

/** A settlement act: a proposed change to a window that is being paid. */
export const ActView = Type.Object({
  act_id: Type.String(),
  kind: Type.Enum([...ACT_KINDS], {
    description:
      'leave_out: nets again without the platform; abort: gives back what was taken; ' +
      'take_back: stops what is not paid.',
  }),
  participants: Type.Array(Type.String(), {
    description:
      'For leave_out, the platform; for take_back, the participants, or all of them when empty.',
  }),
  reason: Type.String(),
  state: Type.Enum(['open', 'approved', 'withdrawn']),
  proposed_by: Type.String(),
  proposed_at: Type.String({ description: 'RFC 3339.' }),
  decided_by: Nullable('Another operator for approved.'),
  decided_at: Nullable('RFC 3339.'),
});

/** A window with all its figures. */
export const WindowView = Type.Object({
  ...head,
  currency: Type.String(),
  nets: Type.Array(
    Type.Object({
      participant: Type.String({
        description: 'A platform, or `@network` for what rounding left over.',
      }),
      opening_position: Money,
      net: Money,
      paid_meanwhile: Money,
      closing_position: Money,
    }),
    { description: 'opening + net + paid meanwhile = closing; all nets sum to zero.' },
  ),
  pairs: Type.Array(
    Type.Object({
      source_platform: Type.String(),
      target_platform: Type.String(),
      kind: Type.String({
        description: 'conversion, reverse, or adjust for corrections that the source pays for.',
      }),
      transactions: Type.Integer(),
      amount: Type.Number({ description: 'Points of the source.' }),
      credited_amount: Type.Number({ description: 'Points of the target.' }),
      owed: Type.Number({ description: 'What the source owes.' }),
      due: Type.Number({ description: 'What the target is due.' }),
    }),
  ),
  disputed: Type.Array(
    Type.Object({
      transaction_id: Type.String(),
      effect: Type.String({ description: 'left_out of this window, or came_back into it.' }),
      source_platform: Type.String(),
      target_platform: Type.String(),
      amount: Type.Number({ description: 'Points of the source.' }),
      source_money: Money,
      target_money: Money,
    }),
  ),
  carried_over: Type.Array(
    Type.Object({
      window_id: Type.Integer({ description: 'Where it was subtracted.' }),
      to_window_id: Type.Integer({ description: 'Where it was added.' }),
      left_out: Type.String({ description: 'The platform that could not pay.' }),
      participant: Type.String(),
      basis: Type.String(),
      amount: Money,
    }),
    {
      description:
        'Amounts that were moved out of this window or into it when a platform was left out; for ' +
        'each platform they sum to zero.',
    },
  ),
  acts: Type.Array(ActView, {
    description: 'Settlement acts that operators proposed, oldest first.',
  }),
  change_proposed_by: Nullable(
    'The operator who proposed another way to pay obligations of a window that is being paid; ' +
      'it waits for the approval of another operator.',
  ),
  obligations: Type.Array(
    Type.Object({
      participant: Type.String(),
      basis: Type.String({
        description: '`net`, or `source>target` of a pair that is settled gross.',
      }),
      amount: Type.Number({
        description: 'The participant is paid it (positive) or pays it (negative).',
      }),
      paid: Type.Number({
        description:
          'The part that is paid, with the same sign; while a window is aborted, the part that ' +
          'is left to be given back.',
      }),
      parts: Type.Array(PartPaymentView, { description: 'Its payments, in order.' }),
      proposed_at: Type.String({ description: 'RFC 3339.' }),
      state: Type.String({
        description:
          'proposed (waits for another operator), approved, held (taken back; propose it ' +
          'again) or paid.',
      }),
      from: Type.String({ description: 'prefund or outside.' }),
      bank_reference: Nullable('Of a payment outside of the network.'),
      proposed_by: Type.String(),
      approved_by: Nullable('Another operator.'),
      problem: Nullable('Why the ledger refused it at the last attempt; it is retried.'),
      transaction_id: Nullable('Once paid.'),
      paid_at: Nullable('RFC 3339.'),
    }),
  ),
});

/** When windows are closed, and which pairs are settled gross. */
export const WindowSettingsView = Type.Object({
  daily_at: Type.Union([Type.String(), Type.Null()]),
  every_minutes: Type.Union([Type.Integer(), Type.Null()]),
  gross_pairs: Type.Array(Type.Array(Type.String())),
});

/** Shows a window without its figures. */
export function describeWindow(window: SettlementWindow) {
  return {
    window_id: window.windowId,
    state: window.state,
    opened_at: formatMoment(window.openedAtMs),
    closed_at: formatMoment(window.closedAtMs),
    closed_by: window.closedBy,
    counted_at: formatMoment(window.countedAtMs),
    mismatch: window.mismatch,
    proposed_by: window.proposedBy,
    proposed_at: formatMoment(window.proposedAtMs),
    approved_by: window.approvedBy,
    approved_at: formatMoment(window.approvedAtMs),
    settled_at: formatMoment(window.settledAtMs),
  };
}

/** Shows a settlement act. */
export function describeAct({
  actId,
  kind,
  participants,
  reason,
  state,
  proposedBy,
  proposedAtMs,
  decidedBy,
  decidedAtMs,
}: SettlementAct) {
  return {
    act_id: actId,
    kind,
    participants: [...participants] as string[],
    reason,
    state,
    proposed_by: proposedBy,
    proposed_at: formatMoment(proposedAtMs),
    decided_by: decidedBy,
    decided_at: formatMoment(decidedAtMs),
  };
}

/** Shows a window with all its figures. */
export function describeWindowFigures(
  { window, nets, pairs, carveOuts, obligations, carried, acts }: StatementSource,
  ledger: Pick<Ledger, 'settlementAsset' | 'pointsOf'>,
) {
  const { scale, code } = ledger.settlementAsset();
  const money = (minor: bigint): number => formatAmount(minor, scale);
  const points = (minor: bigint, platformId: Participant): number =>
    formatAmount(minor, platformId === NETWORK ? scale : getPoints(ledger, platformId).scale);
  return {
    ...describeWindow(window),
    currency: code,
    nets: nets.map((net) => ({
      participant: net.participant,
      opening_position: money(net.opening),
      net: money(net.net),
      paid_meanwhile: money(net.paid),
      closing_position: money(net.closing),
    })),
    pairs: pairs.map((pair) => ({
      source_platform: pair.source,
      target_platform: pair.target,
      kind: pair.kind,
      transactions: Number(pair.transactions),
      amount: points(pair.amount, pair.source),
      credited_amount: points(pair.credited, pair.target),
      owed: money(pair.owed),
      due: money(pair.due),
    })),
    disputed: carveOuts.map((carved) => ({
      transaction_id: formatId('txn', carved.transactionId),
      effect: carved.direction === 'out' ? ('left_out' as const) : ('came_back' as const),
      source_platform: carved.source,
      target_platform: carved.target,
      amount: points(carved.amount, carved.source),
      source_money: money(carved.sourceEffect),
      target_money: money(carved.targetEffect),
    })),
    carried_over: carried.map((over) => ({
      window_id: over.windowId,
      to_window_id: over.toWindowId,
      left_out: over.leftOut,
      participant: over.participant,
      basis: over.basis,
      amount: money(over.amount),
    })),
    acts: acts.map(describeAct),
    change_proposed_by:
      window.state === 'settling' || window.state === 'aborting'
        ? (obligations.find(({ state }) => state === 'proposed')?.proposedBy ?? null)
        : null,
    obligations: obligations.map((due) => ({
      participant: due.participant,
      basis: due.basis,
      amount: money(due.amount),
      paid: money(due.paid),
      state: due.state,
      from: due.paidFrom,
      bank_reference: due.bankReference,
      parts: due.parts
        .filter(({ state, amount }) => state === 'posted' && amount !== 0n)
        .map((part) => describePartPayment(part, money)),
      proposed_by: due.proposedBy,
      proposed_at: formatMoment(due.proposedAtMs),
      approved_by: due.approvedBy,
      problem: due.problem,
      transaction_id: due.transactionId === null ? null : formatId('txn', due.transactionId),
      paid_at: formatMoment(due.paidAtMs),
    })),
  };
}

/** Shows when windows are closed, and which pairs are settled gross. */
export function describeSettings({ schedule, grossPairs }: SettlementSettings) {
  return {
    daily_at: schedule.kind === 'daily' ? schedule.at : null,
    every_minutes: schedule.kind === 'every' ? schedule.minutes : null,
    gross_pairs: grossPairs.map(([a, b]) => [a, b]),
  };
}
