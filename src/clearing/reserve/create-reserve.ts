// Reserves: what each platform has prefunded and owes, how far its debt may go, and which part it
// takes in clearing. The ledger keeps the caps.

import type { PlatformId } from '../../kernel/ids.ts';
import {
  isNarrower,
  type ClearingMode,
  type Ledger,
  type PlatformMoney,
} from '../../ledger/ledger.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { capOf, coveredOf, usedOf } from './cap.ts';
import { createCarryOut, type CarryOutParts } from './carry-out.ts';
import { changeMode } from './modes.ts';
import { createRequests, type ReserveRequests } from './requests.ts';
import {
  listPlatformsUnderWay,
  selectModeChanges,
  selectReserves,
  type ReserveRow,
} from './store.ts';
import type { ModeChange, ReserveFigures } from './types.ts';
import { createWatch, DEFAULT_WATCH, type WatchOptions } from './watch.ts';

export interface ReserveParts extends CarryOutParts {
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly watch?: WatchOptions;
}

export interface Reserve {
  readonly requests: ReserveRequests;
  /** The figures of all platforms, by name, all read at one moment. */
  list(): Promise<readonly ReserveFigures[]>;
  /** The figures of one platform; undefined when there is no such platform. */
  find(platformId: PlatformId): Promise<ReserveFigures | undefined>;
  /** In force in this process when it resolves, in others within about a second. */
  setMode(change: {
    readonly platformId: PlatformId;
    readonly mode: ClearingMode;
    readonly reason: string;
    readonly operatorId: string;
  }): Promise<void>;
  /**
   * The same, only where the platform may then do nothing that it may not do already; otherwise
   * does nothing and returns false.
   */
  narrowMode(change: {
    readonly platformId: PlatformId;
    readonly mode: ClearingMode;
    readonly reason: string;
    readonly operatorId: string;
  }): Promise<boolean>;
  /** Newest first. */
  listModeChanges(platformId: PlatformId, limit: number): Promise<readonly ModeChange[]>;
  /**
   * Brings a cap that follows the prefund in line with it. For callers that have moved the prefund,
   * such as a settlement. The loop does so too.
   */
  align(platformId: PlatformId): Promise<void>;
  /**
   * Finishes what a crash left half done, aligns caps, reports thresholds and updates the gauges.
   * Several processes may run it.
   */
  follow(): Promise<void>;
}

export function createReserve(parts: ReserveParts): Reserve {
  const { pool, ledger } = parts;
  const carrying = createCarryOut(parts);
  const watch = createWatch(parts, parts.watch ?? DEFAULT_WATCH);
  const figuresOf = async (platformIds: readonly PlatformId[]): Promise<ReserveFigures[]> => {
    const rows = new Map((await selectReserves(pool)).map((row) => [row.platformId, row]));
    const money = await ledger.listMoney(platformIds);
    return platformIds.flatMap((platformId) => {
      const sums = money.get(platformId);
      return sums === undefined
        ? []
        : [
            {
              ...figure(sums, rows.get(platformId)),
              platformId,
              mode: ledger.pointsOf(platformId)?.mode ?? 'both',
            },
          ];
    });
  };
  const list = (): Promise<ReserveFigures[]> => figuresOf(platformsOf(ledger));

  return {
    requests: createRequests(parts, carrying, async (platformId) => {
      const [figures] = await figuresOf([platformId]);
      return { cap: figures?.cap, basisPoints: figures?.capBasisPoints ?? null };
    }),
    list,
    find: async (platformId) =>
      ledger.pointsOf(platformId) === undefined ? undefined : (await figuresOf([platformId]))[0],
    setMode: async ({ operatorId, ...change }) =>
      void (await changeMode(parts, { ...change, changedBy: operatorId })),
    narrowMode: async ({ operatorId, ...change }) => {
      await ledger.refreshAssets();
      const from = ledger.pointsOf(change.platformId)?.mode ?? 'both';
      return (
        isNarrower(change.mode, from) &&
        changeMode(parts, { ...change, from, changedBy: operatorId })
      );
    },
    listModeChanges: (platformId, limit) => selectModeChanges(pool, platformId, limit),
    align: carrying.align,
    follow: async () => {
      for (const platformId of await listPlatformsUnderWay(pool))
        await carrying.carryOut(platformId);
      const figures = await list();
      const moved = figures.filter(
        ({ prefund, cap, capBasisPoints }) =>
          capBasisPoints !== undefined && capOf(prefund, capBasisPoints) !== cap,
      );
      for (const { platformId } of moved) await carrying.align(platformId);
      await watch.look(moved.length === 0 ? figures : await list());
    },
  };
}

function figure(
  sums: PlatformMoney,
  row: ReserveRow | undefined,
): Omit<ReserveFigures, 'platformId' | 'mode'> {
  const used = usedOf(sums);
  return {
    ...sums,
    used,
    covered: coveredOf(sums),
    capBasisPoints: row?.capBasisPoints ?? undefined,
    available: sums.cap === undefined ? undefined : sums.cap - used,
    reached: row?.reached ?? [],
  };
}

function platformsOf(ledger: Ledger): PlatformId[] {
  return ledger
    .assets()
    .flatMap(({ kind, platformId }) =>
      kind === 'points' && platformId !== null ? [platformId] : [],
    )
    .toSorted();
}
