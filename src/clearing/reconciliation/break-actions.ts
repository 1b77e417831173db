// Operators' actions on breaks: recheck with the platform, accept what cannot be corrected, add a
// note. Each is recorded with its operator and reason.

import { randomUUID } from 'node:crypto';

import { formatAmountText } from '../../kernel/amount.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { askStanding, type Standing } from './ask-again.ts';
import { closeAdjustedIn, type DecidedAdjustment } from './close-adjusted.ts';
import { reconciliationProblems } from './problems.ts';
import type { RunParts } from './run.ts';
import {
  closeBreak,
  insertAction,
  selectActions,
  selectBreak,
  setFigures,
} from './store-breaks.ts';
import { moveOpeningTotal } from './store-statements.ts';
import type { Break, BreakAction, BreakCategory } from './types.ts';
import { getPoints } from '../../ledger/ledger.ts';

export interface BreakStory extends Break {
  /** Oldest first. */
  readonly actions: readonly BreakAction[];
}

interface BreakRequest {
  readonly breakId: string;
  readonly operatorId: string;
}

export interface BreakActions {
  find(breakId: string): Promise<Result<BreakStory>>;
  /**
   * Asks the platform for the transaction's present state, and closes the break when both sides
   * agree. For a total, asks for a run instead.
   */
  recheck(request: BreakRequest): Promise<Result<BreakStory>>;
  /**
   * Accepts a difference as it is. It opens again when its figures change; an accepted difference
   * of totals becomes part of the expected total.
   */
  accept(request: BreakRequest & { readonly reason: string }): Promise<Result<BreakStory>>;
  note(request: BreakRequest & { readonly note: string }): Promise<Result<BreakStory>>;
  /** The figures of both sides for its transaction at this moment; nothing is written. */
  ask(one: Break): Promise<Result<Standing>>;
  /** Within a dbTransaction: closes the break with the adjustment that `work` decides. */
  adjustIn<Decided extends DecidedAdjustment>(
    client: DbClient,
    request: BreakRequest,
    work: (one: Break) => Promise<Result<Decided>>,
  ): Promise<Result<Decided>>;
}

const BREAK_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `askForRun` queues a run of a platform. */
export function createBreakActions(
  parts: RunParts,
  askForRun: (one: Break, operatorId: string) => Promise<void>,
): BreakActions {
  const { pool, clock } = parts;

  const find = async (breakId: string): Promise<Result<BreakStory>> => {
    const one = BREAK_ID.test(breakId) ? await selectBreak(pool, breakId) : undefined;
    return one === undefined
      ? refuse(reconciliationProblems.break_not_found())
      : ok({ ...one, actions: await selectActions(pool, breakId) });
  };

  const ask = (one: Break): Promise<Result<Standing>> => askPlatform(parts, one);

  /** Acts on a break that is not closed, and records the operator; its row is locked meanwhile. */
  async function act(
    { breakId, operatorId }: BreakRequest,
    action: BreakAction['action'],
    work: (client: DbClient, one: Break, now: Date) => Promise<string>,
  ): Promise<Result<BreakStory>> {
    const acted = await dbTransaction(pool, async (client): Promise<Result<undefined>> => {
      const one = BREAK_ID.test(breakId) ? await selectBreak(client, breakId, true) : undefined;
      if (one === undefined) return refuse(reconciliationProblems.break_not_found());
      if (action !== 'note' && one.state !== 'open')
        return refuse(reconciliationProblems.break_closed(`It is ${one.state}.`));
      const now = new Date(clock.now());
      const words = await work(client, one, now);
      await insertAction(client, randomUUID(), breakId, {
        actedAt: now,
        operatorId,
        action,
        words,
      });
      return ok(undefined);
    });
    return acted.ok ? find(breakId) : acted;
  }

  return {
    find,
    ask,
    adjustIn: (client, request, work) => closeAdjustedIn(client, { clock }, request, work),
    note: ({ note, ...request }) => act(request, 'note', async () => note),
    accept: ({ reason, ...request }) =>
      act(request, 'accept', async (client, one, now) => {
        await closeBreak(client, one.breakId, 'accepted', 'accepted', now);
        if (one.category === 'total' && parts.custodyOf(one.platformId) === 'connected')
          await moveOpeningTotal(client, one.platformId, (one.theirs ?? 0n) - (one.ours ?? 0n));
        await appendEvents(
          client,
          [
            {
              type: 'reconciliation.accepted',
              platformId: one.platformId,
              data: { break_id: one.breakId, category: one.category, subject: one.subject, reason },
            },
          ],
          now.getTime(),
        );
        return reason;
      }),
    async recheck(request) {
      const known = await find(request.breakId);
      if (!known.ok) return known;
      if (known.value.state !== 'open')
        return refuse(reconciliationProblems.break_closed(`It is ${known.value.state}.`));
      if (known.value.category === 'total') {
        await askForRun(known.value, request.operatorId);
        return act(request, 'recheck', async () => 'a run was asked for');
      }
      const standing = await ask(known.value);
      if (!standing.ok) return standing;
      return act(request, 'recheck', async (client, one, now) => {
        if (standing.value.verdict === 'agrees')
          await closeBreak(client, one.breakId, 'resolved', 'recheck', now);
        else
          await setFigures(
            client,
            {
              breakId: one.breakId,
              category: categoryOf(standing.value, one),
              ours: standing.value.ours,
              theirs: standing.value.theirs,
            },
            now,
          );
        return tell(standing.value, getPoints(parts.ledger, one.platformId).scale);
      });
    },
  };
}

/** An operator waits for the answer. */
const IMPATIENT = { attempts: 2, firstDelayMs: 100, longestDelayMs: 100 };

async function askPlatform(parts: RunParts, one: Break): Promise<Result<Standing>> {
  const { pool, clock } = parts;
  const connector = parts.connectorOf(one.platformId);
  if (connector === undefined) return refuse(reconciliationProblems.not_connected());
  const standing = await askStanding({ pool, clock, connector, patience: IMPATIENT }, one);
  return standing.answered
    ? ok(standing.value)
    : refuse(reconciliationProblems.platform_did_not_answer(`The ${standing.reason}.`));
}

/** A look-up shows no repetition, and a break stays a break while a call is under way. */
function categoryOf({ verdict }: Standing, one: Break): BreakCategory {
  if (one.category === 'duplicate' || verdict === 'agrees' || verdict === 'under_way')
    return one.category;
  return verdict === 'unknown_reference' && one.category === 'missing_here'
    ? one.category
    : verdict;
}

function tell({ verdict, ours, theirs }: Standing, scale: number): string {
  const text = (minor: bigint | null): string =>
    minor === null ? 'nothing' : formatAmountText(minor, scale);
  return (
    `${verdict === 'agrees' ? 'both sides agree' : verdict}: here ${text(ours)}, there ` +
    `${text(theirs)}`
  );
}
