// Runs of the reconciliation and breaks as the API shows them to operators.

import { type Static, Type } from 'typebox';
import {
  ageBucketOf,
  AGE_BUCKETS,
  BREAK_CATEGORIES,
  BREAK_STATES,
  RUN_MODES,
  type Break,
  type BreakStory,
  type OpenCount,
  type Run,
} from '../clearing/reconciliation/reconciliation.ts';
import { formatAmount, formatAmountText, MAX_AMOUNT_MINOR } from '../kernel/amount.ts';
import { DAY_MS, formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';

const Figure = Type.Unsafe<number | string | null>({
  type: ['number', 'string', 'null'],
  description: 'Points; as decimal text when a number would not be exact.',
});
const Time = Type.String({ description: 'RFC 3339.' });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** One run of the reconciliation for one platform. */
export const RunView = Type.Object({
  run_id: Type.String(),
  platform_id: Type.String(),
  mode: Type.Enum([...RUN_MODES]),
  state: Type.Enum(['queued', 'running', 'complete', 'incomplete'], {
    description: 'An incomplete run has closed no break; `reason` says why it is incomplete.',
  }),
  reason: TextOrNull,
  asked_by: Type.Union([Type.String(), Type.Null()], {
    description: 'An operator; null for a scheduled run, or a command without a token.',
  }),
  asked_at: Time,
  started_at: TimeOrNull,
  finished_at: TimeOrNull,
  lines_read: Type.Integer({ description: "Lines of the platform's statement that were new." }),
  compared: Type.Integer({ description: 'Transactions that were compared.' }),
  matched: Type.Integer(),
  under_way: Type.Integer({ description: 'Not finished here, and without effect there.' }),
  breaks: Type.Record(Type.String(), Type.Integer(), {
    description: 'Differences that this run has seen, by category.',
  }),
  opened: Type.Integer(),
  resolved: Type.Integer(),
  total: Type.Union(
    [
      Type.Object({
        state: Type.Enum(['agrees', 'differs', 'moving', 'baseline']),
        ours: Figure,
        theirs: Figure,
      }),
      Type.Null(),
    ],
    {
      description:
        'Of a connected platform: its total, and the total that its statement leads to expect. ' +
        'Of a hosted one: the points of its members, and the sum that follows from all other ' +
        'entries. `moving`: the total changed too often to compare it.',
    },
  ),
});

const BreakView = Type.Object({
  break_id: Type.String(),
  platform_id: Type.String(),
  category: Type.Enum([...BREAK_CATEGORIES]),
  subject: Type.String({
    description: 'The transaction as the platform names it; `total` for a total.',
  }),
  ours: Figure,
  theirs: Figure,
  state: Type.Enum([...BREAK_STATES]),
  age: Type.Enum([...AGE_BUCKETS], { description: 'Days since it was opened.' }),
  age_days: Type.Integer({ description: 'Whole days since it was opened.' }),
  first_seen_at: Time,
  opened_at: Type.String({ description: 'When it was opened last.' }),
  last_seen_at: Time,
  times_opened: Type.Integer(),
  closed_at: TimeOrNull,
  resolution: Type.Union([Type.String(), Type.Null()], {
    description:
      'vanished, asked, recheck, accepted or adjusted; docs/reconciliation.md explains each.',
  }),
});

/** A break with the actions that operators took on it. */
export const BreakWithActions = Type.Object({
  ...BreakView.properties,
  actions: Type.Array(
    Type.Object({
      acted_at: Time,
      operator_id: Type.String(),
      action: Type.String(),
      words: Type.String(),
    }),
    { description: 'Actions of operators on it, oldest first.' },
  ),
});

const OpenCountView = Type.Object({
  platform_id: Type.String(),
  category: Type.Enum([...BREAK_CATEGORIES]),
  age: Type.Enum([...AGE_BUCKETS]),
  count: Type.Integer(),
});

type Assets = Pick<Ledger, 'pointsOf'>;

/** Shows a run. */
export function describeRun(run: Run, ledger: Assets): Static<typeof RunView> {
  const scale = getPoints(ledger, run.platformId).scale;
  return {
    run_id: run.runId,
    platform_id: run.platformId,
    mode: run.mode,
    state: run.state,
    reason: run.reason,
    asked_by: run.askedBy,
    asked_at: formatMoment(run.askedAt),
    started_at: formatMoment(run.startedAt),
    finished_at: formatMoment(run.finishedAt),
    lines_read: Number(run.linesRead),
    compared: Number(run.compared),
    matched: Number(run.matched),
    under_way: Number(run.underWay),
    breaks: { ...run.breaks },
    opened: run.opened,
    resolved: run.resolved,
    total:
      run.total === null
        ? null
        : {
            state: run.total.state,
            ours: toFigure(run.total.ours, scale),
            theirs: toFigure(run.total.theirs, scale),
          },
  };
}

function describeBreak(one: Break, ledger: Assets, nowMs: number): Static<typeof BreakView> {
  const scale = getPoints(ledger, one.platformId).scale;
  return {
    break_id: one.breakId,
    platform_id: one.platformId,
    category: one.category,
    subject: one.subject,
    ours: toFigure(one.ours, scale),
    theirs: toFigure(one.theirs, scale),
    state: one.state,
    age: ageBucketOf(one.openedAt, nowMs),
    age_days: Math.max(0, Math.floor((nowMs - one.openedAt.getTime()) / DAY_MS)),
    first_seen_at: formatMoment(one.firstSeenAt),
    opened_at: formatMoment(one.openedAt),
    last_seen_at: formatMoment(one.lastSeenAt),
    times_opened: one.timesOpened,
    closed_at: formatMoment(one.closedAt),
    resolution: one.resolution,
  };
}

/** Shows a break with the actions on it. */
export function describeBreakWithActions(
  { actions, ...one }: BreakStory,
  ledger: Assets,
  nowMs: number,
): Static<typeof BreakWithActions> {
  return {
    ...describeBreak(one, ledger, nowMs),
    actions: actions.map(({ actedAt, operatorId, action, words }) => ({
      acted_at: formatMoment(actedAt),
      operator_id: operatorId,
      action,
      words,
    })),
  };
}

/** A list of breaks, with the counts of all open ones. */
export const BreaksView = Type.Object({
  breaks: Type.Array(BreakView),
  open: Type.Array(OpenCountView, {
    description: 'How many are open, by platform, category and age.',
  }),
});

/** Shows a list of breaks, with the counts of all open ones. */
export function describeBreaks(
  found: readonly Break[],
  open: readonly OpenCount[],
  ledger: Assets,
  nowMs: number,
): Static<typeof BreaksView> {
  return {
    breaks: found.map((one) => describeBreak(one, ledger, nowMs)),
    open: open.map(({ platformId, category, age, count }) => ({
      platform_id: platformId,
      category,
      age,
      count,
    })),
  };
}

function toFigure(minor: bigint | null, scale: number): number | string | null {
  if (minor === null) return null;
  return minor > MAX_AMOUNT_MINOR || minor < -MAX_AMOUNT_MINOR
    ? formatAmountText(minor, scale)
    : formatAmount(minor, scale);
}
