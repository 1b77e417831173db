// Settlement: windows that cut the journal, what each platform owes or is owed for one, its
// statements and payments. Changes balances only through ledger commands, and never holds up a
// posting.

import type { OperatorId, PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Pool } from '../../runtime/database.ts';
import {
  approveAct,
  proposeAct,
  suspendLeftOut,
  withdrawAct,
  type ActDecision,
  type ActToPropose,
} from './acts.ts';
import { closeWindow, type Closing } from './close-window.ts';
import { countStep } from './count-pairs.ts';
import { listTransactions, type TransactionPage } from './list-transactions.ts';
import { createAlone } from './alone.ts';
import type { SettlementParts } from './parts.ts';
import { payDue, payWindow } from './pay-obligations.ts';
import { settlementProblems } from './problems.ts';
import {
  approveSettlement,
  proposeSettlement,
  withdrawSettlement,
  type Deciding,
  type Proposing,
} from './propose-settlement.ts';
import { isDue } from './schedule.ts';
import { setGrossPairs, setSchedule } from './settings.ts';
import { makeStatement, type Statement, type StatementSource } from './statement.ts';
import type { WindowState } from './states.ts';
import { selectOpenWindow, selectWindow, selectWindows } from './store-windows.ts';
import { selectSettings } from './store-settings.ts';
import { selectCarveOuts } from './store-carve-outs.ts';
import { selectNets, selectNetsOf } from './store-nets.ts';
import { selectPairs } from './store-pairs.ts';
import { selectObligations } from './store-obligations.ts';
import { selectActs } from './store-acts.ts';
import { hasRowsSince } from './store-ledger.ts';
import { selectCarried } from './store-payments.ts';
import type {
  Net,
  Schedule,
  SettlementAct,
  SettlementSettings,
  SettlementWindow,
} from './types.ts';

export interface Settlement {
  /**
   * Closes the open window, or leaves it open when it should not be closed; the next one is open
   * when this returns.
   */
  close(closing: Closing): Promise<Result<SettlementWindow | undefined>>;
  propose(proposing: Proposing): Promise<Result<SettlementWindow>>;
  withdraw(deciding: Deciding): Promise<Result<SettlementWindow>>;
  /** Also pays what can be paid at once. */
  approve(deciding: Deciding): Promise<Result<SettlementWindow>>;
  /**
   * Proposes an act on a window that is not paid as it should be: leave a platform out, abort the
   * window, or take back unpaid obligations.
   */
  proposeAct(act: ActToPropose): Promise<Result<SettlementAct>>;
  /** By another operator; also pays what can be paid at once. */
  approveAct(decision: ActDecision): Promise<Result<SettlementAct>>;
  withdrawAct(decision: ActDecision): Promise<Result<SettlementAct>>;
  /** Newest first, before a number. */
  list(before: number, limit: number, state?: WindowState): Promise<readonly SettlementWindow[]>;
  /** Closed windows with one platform's figures, newest first, before a number. */
  listOf(
    platformId: PlatformId,
    before: number,
    limit: number,
  ): Promise<
    readonly { readonly window: SettlementWindow; readonly net: Omit<Net, 'participant'> }[]
  >;
  find(windowId: number): Promise<Result<StatementSource>>;
  /** Of a closed window; its pairs may still be counted. */
  statement(windowId: number, platformId: PlatformId): Promise<Result<Statement>>;
  listTransactions(
    windowId: number,
    platformId: PlatformId,
    cursor: string | undefined,
    limit: number,
  ): Promise<TransactionPage>;
  settings(): Promise<SettlementSettings>;
  setSchedule(schedule: Schedule, operatorId: OperatorId): Promise<void>;
  /**
   * Unordered pairs of platforms; replaces the former ones. In force for everything proposed from
   * then on.
   */
  setGrossPairs(
    pairs: readonly (readonly [PlatformId, PlatformId])[],
    operatorId: OperatorId,
  ): Promise<void>;
  /**
   * One round of the loop: closes when the schedule says so, counts, pays; true when there is more
   * to do. Several processes may run it.
   */
  follow(): Promise<boolean>;
  /** Counts the pairs of all closed windows to the end, for callers that want to wait for it. */
  count(): Promise<void>;
}

export function createSettlement(given: SettlementParts): Settlement {
  const parts = { ...given, alone: createAlone(given.pool) };
  const { pool, ledger } = parts;

  const find = (windowId: number): Promise<Result<StatementSource>> => findWindow(pool, windowId);

  /** It is approved, whatever happens now; the loop of any process continues with it. */
  const payNow = async (windowId: number): Promise<void> => {
    await payWindow(parts, windowId).catch((error: unknown) =>
      parts.log.error({ err: error, window_id: windowId }, 'an approved window is not paid yet'),
    );
  };

  return {
    find,
    close: (closing) => closeWindow(parts, closing),
    propose: (proposing) => proposeSettlement(parts, proposing),
    withdraw: (deciding) => withdrawSettlement(parts, deciding),
    async approve(deciding) {
      const approved = await approveSettlement(parts, deciding);
      if (!approved.ok) return approved;
      await payNow(deciding.windowId);
      return ok((await selectWindow(pool, deciding.windowId)) ?? approved.value);
    },
    proposeAct: (act) => proposeAct(parts, act),
    async approveAct(decision) {
      const approved = await approveAct(parts, decision);
      if (approved.ok) {
        await suspendLeftOut(parts).catch((error: unknown) =>
          parts.log.error({ err: error }, 'a platform that was left out is not suspended yet'),
        );
        await payNow(decision.windowId);
      }
      return approved;
    },
    withdrawAct: (decision) => withdrawAct(parts, decision),
    list: (before, limit, state) => selectWindows(pool, before, limit, state),
    listOf: (platformId, before, limit) => listWindowsOf(pool, platformId, before, limit),
    async statement(windowId, platformId) {
      const found = await find(windowId);
      if (!found.ok) return found;
      if (found.value.window.state === 'open')
        return refuse(settlementProblems.window_not_closed());
      return ok(
        makeStatement(
          found.value,
          { platformId, name: parts.nameOf(platformId), timeZone: parts.timeZone() },
          ledger,
        ),
      );
    },
    listTransactions: (windowId, platformId, cursor, limit) =>
      listTransactions(parts, windowId, platformId, cursor, limit),
    settings: () => selectSettings(pool),
    setSchedule: (schedule, operatorId) => setSchedule(parts, schedule, operatorId),
    setGrossPairs: (pairs, operatorId) => setGrossPairs(parts, pairs, operatorId),
    async follow() {
      await closeWhenDue(parts);
      const counting = await countStep(parts);
      await suspendLeftOut(parts);
      const paying = await payDue(parts);
      return counting || paying;
    },
    async count() {
      while (await countStep(parts)) {
        /* step by step */
      }
    },
  };
}

async function findWindow(pool: Pool, windowId: number): Promise<Result<StatementSource>> {
  const window = await selectWindow(pool, windowId);
  if (window === undefined) return refuse(settlementProblems.window_not_found());
  const [nets, pairs, carveOuts, obligations] = [
    await selectNets(pool, windowId),
    await selectPairs(pool, windowId),
    await selectCarveOuts(pool, windowId),
    await selectObligations(pool, windowId),
  ];
  return ok({
    window,
    nets,
    pairs,
    carveOuts,
    obligations,
    carried: await selectCarried(pool, windowId),
    acts: await selectActs(pool, windowId),
  });
}

async function closeWhenDue(parts: SettlementParts): Promise<void> {
  const { pool, clock } = parts;
  const { schedule } = await selectSettings(pool);
  if (schedule.kind === 'none') return;
  const due = ({ openedAtMs }: SettlementWindow): boolean =>
    isDue(schedule, openedAtMs, clock.now(), parts.timeZone());
  const open = await selectOpenWindow(pool);
  if (due(open) && (await hasRowsSince(pool, open.windowId - 1)))
    await closeWindow(parts, { closedBy: 'schedule', when: due, unlessEmpty: true });
}

async function listWindowsOf(
  pool: Pool,
  platformId: PlatformId,
  before: number,
  limit: number,
): ReturnType<Settlement['listOf']> {
  const windows = await selectWindows(pool, before, limit, undefined);
  const nets = await selectNetsOf(
    pool,
    platformId,
    windows.map(({ windowId }) => windowId),
  );
  const nothing = { opening: 0n, net: 0n, paid: 0n, closing: 0n };
  return windows
    .filter(({ state }) => state !== 'open')
    .map((window) => ({ window, net: nets.get(window.windowId) ?? nothing }));
}
