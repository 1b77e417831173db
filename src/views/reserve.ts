// Reserves, and the requests of operators about them, as the API shows them.

import { Type, type Static } from 'typebox';
import {
  REQUEST_KINDS,
  REQUEST_STATES,
  usedPercent,
  WHOLE,
  type ModeChange,
  type ReserveFigures,
  type ReserveRequest,
} from '../clearing/reserve/reserve.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { CLEARING_MODES, type Asset } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';

const Nullable = Type.Union([Type.String(), Type.Null()]);
const money = (description: string) =>
  Type.Number({ description: `${description} In settlement currency.` });
const maybeMoney = (description: string) =>
  Type.Union([Type.Number(), Type.Null()], {
    description: `${description} In settlement currency.`,
  });

const reserveFields = {
  platform_id: Type.String(),
  currency: Type.String({ description: 'The settlement currency.' }),
  mode: Type.Enum([...CLEARING_MODES], {
    description:
      '`both`; `send_only`: only the source of conversions; `receive_only`: only their ' +
      'target; `suspended`: neither.',
  }),
  prefund: money('The money that the platform has paid in.'),
  position: money('The amount that the platform is owed; negative when it owes.'),
  pending_out: money('The amount that it will owe once pending transfers are posted.'),
  pending_in: money('The amount that it will be owed once pending transfers are posted.'),
  cap: maybeMoney('Net debit cap; null for no bound.'),
  cap_percent_of_prefund: Type.Union([Type.Number(), Type.Null()], {
    description: 'Set if the cap follows the prefund; null for a fixed cap.',
  }),
  cap_covered_by_prefund: maybeMoney(
    'The part of the cap that the prefund covers: the smaller of both; null for no bound.',
  ),
  used: money(
    'The part of the cap that is in use: pending_out less position. Negative while the platform ' +
      'is owed more.',
  ),
  available: maybeMoney('The amount that it may still send: cap less used; null for no bound.'),
  used_percent: Type.Union([Type.Number(), Type.Null()], {
    description: 'Share of the cap in use, two decimals, rounded down; null without a cap.',
  }),
  thresholds_reached: Type.Array(Type.Integer(), {
    description: 'Percentages that the use has reached and is still at or above.',
  }),
};
/** The figures of a platform's reserve. */
export const ReserveView = Type.Object(reserveFields);

/** Shows the figures of a platform's reserve. */
export function describeReserve(
  figures: ReserveFigures,
  currency: Asset,
): Static<typeof ReserveView> {
  const { cap, covered, available, used, capBasisPoints } = figures;
  return {
    platform_id: figures.platformId,
    currency: currency.code,
    mode: figures.mode,
    prefund: toPoints(figures.prefund, currency),
    position: toPoints(figures.position, currency),
    pending_out: toPoints(figures.pendingDebits, currency),
    pending_in: toPoints(figures.pendingCredits, currency),
    cap: cap === undefined ? null : toPoints(cap, currency),
    cap_percent_of_prefund: capBasisPoints === undefined ? null : percentOf(capBasisPoints),
    cap_covered_by_prefund: covered === undefined ? null : toPoints(covered, currency),
    used: toPoints(used, currency),
    available: available === undefined ? null : toPoints(available, currency),
    used_percent: usedPercent(used, cap),
    thresholds_reached: [...figures.reached],
  };
}

/** A request for a deposit, a withdrawal or a cap. */
export const ReserveRequestView = Type.Object({
  request_id: Type.String(),
  platform_id: Type.String(),
  kind: Type.Enum([...REQUEST_KINDS]),
  amount: maybeMoney('To pay in or out, or the fixed cap.'),
  percent_of_prefund: Type.Union([Type.Number(), Type.Null()], {
    description: 'For a cap that is to follow the prefund.',
  }),
  bank_reference: Nullable,
  reason: Type.String(),
  state: Type.Enum([...REQUEST_STATES]),
  made_by: Type.String(),
  made_at: Type.String({ description: 'RFC 3339.' }),
  decided_by: Nullable,
  decided_at: Nullable,
  decision_reason: Nullable,
  carried_out_at: Type.Union([Type.String(), Type.Null()], {
    description: 'When it took effect; null while an approved request is still under way.',
  }),
  transaction_id: Type.Union([Type.String(), Type.Null()], {
    description: 'The deposit or withdrawal in the ledger.',
  }),
  refused_with: Type.Union([Type.String(), Type.Null()], {
    description: 'Code of the problem at the last approval; the request is then open again.',
  }),
});

/** Shows a reserve request. */
export function describeReserveRequest(
  row: ReserveRequest,
  currency: Asset,
): Static<typeof ReserveRequestView> {
  return {
    request_id: row.requestId,
    platform_id: row.platformId,
    kind: row.kind,
    amount: row.amount === null ? null : toPoints(row.amount, currency),
    percent_of_prefund: row.basisPoints === null ? null : percentOf(row.basisPoints),
    bank_reference: row.bankReference,
    reason: row.reason,
    state: row.state,
    made_by: row.madeBy,
    made_at: formatMoment(row.madeAt),
    decided_by: row.decidedBy,
    decided_at: formatMoment(row.decidedAt),
    decision_reason: row.decisionReason,
    carried_out_at: formatMoment(row.carriedOutAt),
    transaction_id: row.transactionId === null ? null : formatId('txn', row.transactionId),
    refused_with: row.refusedWith,
  };
}

/** One change of a platform's mode. */
export const ModeChangeView = Type.Object({
  mode_before: Type.String(),
  mode: Type.String(),
  reason: Type.String(),
  changed_by: Type.String({ description: 'An operator, or `threshold`.' }),
  changed_at: Type.String({ description: 'RFC 3339.' }),
});

function describeModeChange({
  modeBefore,
  mode,
  reason,
  changedBy,
  changedAt,
}: ModeChange): Static<typeof ModeChangeView> {
  return {
    mode_before: modeBefore,
    mode,
    reason,
    changed_by: changedBy,
    changed_at: formatMoment(changedAt),
  };
}

/** The figures of a reserve with its requests and mode changes. */
export const ReserveWithHistory = Type.Object({
  ...reserveFields,
  requests: Type.Array(ReserveRequestView, { description: 'Newest first.' }),
  mode_changes: Type.Array(ModeChangeView, { description: 'Newest first.' }),
});

/** Shows a reserve with its requests and mode changes. */
export function describeReserveWithHistory(
  figures: ReserveFigures,
  requests: readonly ReserveRequest[],
  changes: readonly ModeChange[],
  currency: Asset,
): Static<typeof ReserveWithHistory> {
  return {
    ...describeReserve(figures, currency),
    requests: requests.map((row) => describeReserveRequest(row, currency)),
    mode_changes: changes.map(describeModeChange),
  };
}

/** Hundredths of a percent as a percentage; exact, as there are at most two decimals. */
function percentOf(basisPoints: number): number {
  return basisPoints / (WHOLE / 100);
}
