// A backtest as JSON for API and terminal: points as decimal text, because sums of a network
// outgrow a double, and what was taken for granted.

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

/** What a backtest cannot know; told with every answer. */
const BACKTEST_ASSUMPTIONS: readonly string[] = [
  'Only what was posted is asked about again, one transaction by itself: no balance is ' +
    'simulated, and what was refused then is not there.',
  'Users have the tags that they have now.',
  'Limits begin unused at the beginning of the period.',
  'Reversed transactions, also those reversed in part, and holds that came to nothing are left out.',
  'What would be set aside for review counts as let pass.',
  'Terms that a quote had locked are worked out anew; earn rules and the catalogue of rewards ' +
    'are not asked.',
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
export const BacktestView = Type.Object({
  proposal_id: Type.String(),
  from: DateTime,
  until: DateTime,
  complete: Type.Boolean({
    description:
      'False when there was more than is looked at in one answer; then the latest part of the ' +
      'period is missing.',
  }),
  transactions: Type.Integer(),
  changed: Type.Integer({
    description: 'Transactions whose outcome or terms would have been others.',
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
  assumptions: Type.Array(Type.String(), { description: 'What the answer takes for granted.' }),
});

export type BacktestView = ReturnType<typeof describeBacktest>;

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
