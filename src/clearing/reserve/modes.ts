// Changes a platform's part in conversions: in the ledger, with its record and its event, in one
// commit.

import type { PlatformId } from '../../kernel/ids.ts';
import type { ClearingMode } from '../../ledger/ledger.ts';
import { appendEvents } from '../../events/events.ts';
import type { CarryOutParts } from './carry-out.ts';
import { describeModeChange } from './events.ts';
import { insertModeChange } from './store.ts';

export interface ModeToSet {
  readonly platformId: PlatformId;
  readonly mode: ClearingMode;
  /** Only where this is the mode now. */
  readonly from?: ClearingMode;
  readonly reason: string;
  /** An operator, or `threshold`. */
  readonly changedBy: string;
}

/**
 * False when nothing was done, because the mode was not `from`. Setting the present mode again is
 * recorded, but sends no event.
 */
export async function changeMode(
  { ledger, clock }: Pick<CarryOutParts, 'ledger' | 'clock'>,
  { platformId, mode, from, reason, changedBy }: ModeToSet,
): Promise<boolean> {
  return ledger.setMode(
    platformId,
    { mode, ...(from === undefined ? {} : { from }) },
    async (client, modeBefore) => {
      const change = {
        platformId,
        modeBefore,
        mode,
        reason,
        changedBy,
        changedAt: new Date(clock.now()),
      };
      await insertModeChange(client, change);
      if (modeBefore !== mode)
        await appendEvents(client, [describeModeChange(change)], clock.now());
    },
  );
}
