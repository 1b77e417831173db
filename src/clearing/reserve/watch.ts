// Watches how much of each cap is in use. Reports a threshold once when it is reached, and again
// only after use has fallen below it; updates the gauges.

import { Gauge } from 'prom-client';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { judgeThresholds } from './cap.ts';
import type { CarryOutParts } from './carry-out.ts';
import { describeThreshold } from './events.ts';
import { changeMode } from './modes.ts';
import { lockReserve, updateReached } from './store.ts';
import type { ReserveFigures } from './types.ts';

export interface WatchOptions {
  /** Percentages of the cap in use that are reported. */
  readonly thresholds: readonly number[];
  /**
   * The percentage at which a platform of mode `both` becomes `receive_only` by itself; undefined
   * for never.
   */
  readonly receiveOnlyAt: number | undefined;
}

export const DEFAULT_WATCH: WatchOptions = { thresholds: [50, 75, 90], receiveOnlyAt: undefined };

export interface Watch {
  look(figures: readonly ReserveFigures[]): Promise<void>;
}

export function createWatch(
  parts: CarryOutParts & { readonly metrics: Pick<Metrics, 'registry'> },
  { thresholds, receiveOnlyAt }: WatchOptions,
): Watch {
  const {
    pool,
    clock,
    log,
    ledger,
    metrics: { registry },
  } = parts;
  const gauge = (name: string, help: string): Gauge<'platform_id'> =>
    new Gauge({ name, help, labelNames: ['platform_id'], registers: [registry] });
  const position = gauge(
    'pontis_reserve_position',
    'Amount that a platform is owed in settlement currency; negative when it owes.',
  );
  const prefund = gauge(
    'pontis_reserve_prefund',
    'Amount that a platform has prefunded, in settlement currency.',
  );
  const ratio = gauge(
    'pontis_reserve_cap_used_ratio',
    'Share of the net debit cap in use, transfers under way included; no sample where there ' +
      'is no cap.',
  );
  const all = [
    ...new Set([...thresholds, ...(receiveOnlyAt === undefined ? [] : [receiveOnlyAt])]),
  ];

  const tell = async (figures: ReserveFigures): Promise<void> => {
    const { platformId, used, cap } = figures;
    const { reached, crossed } = judgeThresholds(all, figures.reached, used, cap);
    if (reached.join() === figures.reached.join()) return;
    // First, because it is repeated when the row below was not written.
    if (receiveOnlyAt !== undefined && crossed.includes(receiveOnlyAt)) {
      const reason = `${receiveOnlyAt} % of the net debit cap is in use`;
      if (
        await changeMode(parts, {
          platformId,
          mode: 'receive_only',
          from: 'both',
          reason,
          changedBy: 'threshold',
        })
      )
        log.warn(
          { platform_id: platformId, percent: receiveOnlyAt },
          'a platform was made receive_only',
        );
    }
    await dbTransaction(pool, async (client) => {
      const row = await lockReserve(client, platformId);
      // Another process has seen the same figures.
      if (row.reached.join() !== figures.reached.join()) return;
      await updateReached(client, platformId, reached);
      await appendEvents(
        client,
        crossed.map((percent) => describeThreshold(percent, figures, ledger)),
        clock.now(),
      );
      for (const percent of crossed)
        log.warn(
          { platform_id: platformId, percent, used: String(used), cap: String(cap) },
          'a threshold of a net debit cap is reached',
        );
    });
  };

  const show = ({ platformId, position: owed, prefund: put, used, cap }: ReserveFigures): void => {
    const labels = { platform_id: platformId };
    const unit = 10 ** ledger.settlementAsset().scale;
    // For people's eyes: a double is exact enough.
    position.set(labels, Number(owed) / unit);
    prefund.set(labels, Number(put) / unit);
    if (cap === undefined) ratio.remove(labels);
    else
      ratio.set(
        labels,
        used <= 0n ? 0 : cap === 0n ? Number.POSITIVE_INFINITY : Number(used) / Number(cap),
      );
  };

  return {
    look: async (figures) => {
      for (const one of figures) {
        show(one);
        await tell(one);
      }
    },
  };
}
