// A backtest as JSON for API and terminal, with its assumptions. Points are decimal text, because
// sums of a network may not fit a double.

import { Type } from 'typebox';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId, type PlatformId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import type {
  Backtest,
  BacktestExample,
  BacktestSide,
  PlatformBacktest,
} from '../monitor/monitor.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import { DateTime } from './schemas.ts';

/** The assumptions of every backtest; every answer lists them. */
const BACKTEST_ASSUMPTIONS: readonly string[] = [
  'Only posted transactions are decided again, each by itself: no balance is simulated, and ' +
    'operations that were refused are not included.',
  'Users have the tags that they have now.',
  'Limits begin unused at the beginning of the period.',
  'Transactions that were reversed, also in part, and holds that were not captured are left out.',
  'Transfers that would be set aside for review count as approved.',
  'Terms that a quote had locked are calculated again; earn rules and the catalogue of rewards ' +
    'are not applied.',
];

const Counts = Type.Record(Type.String(), Type.Integer(), { description: 'How many, by rule.' });
const Side = Type.Object({
  outcome: Type.String({
    enum: ['posted', 'reviewed', 'denied', 'over_limit', 'rule_failed', 'too_small'],
  }),
  rule: Type.Optional(Type.String()),
  fee: Type.Optional(Type.String()),
  credited: Type.Optional(Type.String()),
  target_fee: Type.Optional(Type.String()),
  bonus: Type.Optional(Type.String()),
});
/** The report of a backtest. */
export const BacktestView = Type.Object({
  proposal_id: Type.String(),
  from: DateTime,
  until: DateTime,
  complete: Type.Boolean({
    description:
      'False if the period has more transactions than one answer covers; the latest ones are ' +
      'then missing.',
  }),
  transactions: Type.Integer(),
  changed: Type.Integer({
    description: 'Transactions that would have had another outcome or other terms.',
  }),
  left_out: Type.Object({ reversed: Type.Integer(), released: Type.Integer() }),
  platforms: Type.Array(
    Type.Object({
      platform_id: Type.String({ description: 'Whose points moved first.' }),
      transactions: Type.Integer(),
      changed: Type.Integer(),
      amount: Type.String({ description: 'Points, as decimal text.' }),
      denied: Counts,
      reviewed: Counts,
      over_limit: Counts,
      rule_failed: Counts,
      too_small: Type.Integer(),
      fee_before: Type.String(),
      fee_after: Type.String(),
      conversions: Type.Array(
        Type.Object({
          target_platform: Type.String(),
          fee_before: Type.String(),
          fee_after: Type.String(),
          credited_before: Type.String(),
          credited_after: Type.String(),
          target_fee_before: Type.String(),
          target_fee_after: Type.String(),
        }),
      ),
    }),
  ),
  rules: Type.Array(Type.Object({ item: Type.String(), applied: Type.Integer() }), {
    description: 'How often each rule applied.',
  }),
  examples: Type.Array(
    Type.Object({
      transaction_id: Type.String(),
      posted_at: DateTime,
      operation: Type.String(),
      platform_id: Type.String(),
      target_platform: Type.String(),
      amount: Type.String(),
      before: Side,
      after: Side,
      applied: Type.Array(
        Type.Object({ item: Type.String(), kind: Type.String(), effect: Type.String() }),
      ),
    }),
    { description: 'Up to 20 transactions that would have changed.' },
  ),
  assumptions: Type.Array(Type.String(), { description: 'The assumptions of the answer.' }),
});

/** The JSON of `BacktestView`. */
export type BacktestView = ReturnType<typeof describeBacktest>;

/** Shows a backtest, with the assumptions that it made. */
export function describeBacktest(found: Backtest, ledger: Pick<Ledger, 'pointsOf'>) {
  const scaleOf = (platformId: PlatformId): number => getPoints(ledger, platformId).scale;
  return {
    from: formatMoment(found.fromMs),
    until: formatMoment(found.untilMs),
    complete: found.complete,
    transactions: found.transactions,
    changed: found.changed,
    left_out: found.leftOut,
    platforms: found.platforms.map((platform) => describePlatform(platform, scaleOf)),
    rules: [...found.rules],
    examples: found.examples.map((example) => describeExample(example, scaleOf)),
    assumptions: [...BACKTEST_ASSUMPTIONS],
  };
}

function describePlatform(
  { platformId, conversions, ...sums }: PlatformBacktest,
  scaleOf: (platformId: PlatformId) => number,
) {
  const scale = scaleOf(platformId);
  const points = (minor: bigint): string => formatAmountText(minor, scale);
  const sum = (field: 'feeBefore' | 'feeAfter'): string =>
    points(conversions.reduce((total, pair) => total + pair[field], 0n));
  return {
    platform_id: platformId,
    transactions: sums.transactions,
    changed: sums.changed,
    amount: points(sums.amount),
    denied: sums.denied,
    reviewed: sums.reviewed,
    over_limit: sums.overLimit,
    rule_failed: sums.ruleFailures,
    too_small: sums.tooSmall,
    fee_before: sum('feeBefore'),
    fee_after: sum('feeAfter'),
    conversions: conversions.map((pair) => {
      const target = (minor: bigint): string =>
        formatAmountText(minor, scaleOf(pair.targetPlatformId));
      return {
        target_platform: pair.targetPlatformId,
        fee_before: points(pair.feeBefore),
        fee_after: points(pair.feeAfter),
        credited_before: target(pair.creditedBefore),
        credited_after: target(pair.creditedAfter),
        target_fee_before: target(pair.targetFeeBefore),
        target_fee_after: target(pair.targetFeeAfter),
      };
    }),
  };
}

function describeExample(
  {
    transactionId,
    postedAtMs,
    operation,
    platformId,
    targetPlatformId,
    amount,
    before,
    after,
    applied,
  }: BacktestExample,
  scaleOf: (platformId: PlatformId) => number,
) {
  const side = ({ outcome, rule, terms }: BacktestSide) => ({
    outcome,
    ...(rule === undefined ? {} : { rule }),
    ...(terms === undefined
      ? {}
      : {
          fee: formatAmountText(terms.fee, scaleOf(platformId)),
          credited: formatAmountText(terms.credited, scaleOf(targetPlatformId)),
          target_fee: formatAmountText(terms.targetFee, scaleOf(targetPlatformId)),
          bonus: formatAmountText(terms.bonus, scaleOf(targetPlatformId)),
        }),
  });
  return {
    transaction_id: formatId('txn', transactionId),
    posted_at: formatMoment(postedAtMs),
    operation,
    platform_id: platformId,
    target_platform: targetPlatformId,
    amount: formatAmountText(amount, scaleOf(platformId)),
    before: side(before),
    after: side(after),
    applied: [...applied],
  };
}
