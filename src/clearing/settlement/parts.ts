// The parts of the program that settlement needs.

import type { OperatorId, PlatformId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Pool } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import type { Frozen } from '../disputes/disputes.ts';
import type { Alone } from './alone.ts';

export interface SettlementParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  /** IANA name of the network's time zone, as the rulebook in force has it. */
  timeZone(): string;
  /** A platform's own name. */
  nameOf(platformId: PlatformId): string;
  /** Disputed transactions and how much of each is frozen now. */
  listFrozen(): Promise<readonly Frozen[]>;
  /** Stops conversions from and to a platform that was left out. */
  suspend(platformId: PlatformId, reason: string, operatorId: OperatorId): Promise<void>;
  /**
   * Called for a platform whose prefund a payment has moved: its cap may follow the prefund. The
   * reserves' loop makes up for a failure.
   */
  prefundMoved?(platformId: PlatformId): Promise<void>;
}

/** Also keeps callers apart that pay a window or change its payments. */
export interface PayingParts extends SettlementParts {
  readonly alone: Alone;
}
