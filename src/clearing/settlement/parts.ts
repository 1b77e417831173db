// What settlement needs of the program.

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
  /** What a platform calls itself. */
  nameOf(platformId: PlatformId): string;
  /** Disputed transactions and how much of each is frozen now. */
  listFrozen(): Promise<readonly Frozen[]>;
  /** Stops conversions from and to a platform that was left out. */
  suspend(platformId: PlatformId, reason: string, operatorId: OperatorId): Promise<void>;
  /**
   * Told of a platform whose prefund a payment has moved: its cap may follow the prefund. A failure
   * is mended by the reserves' loop.
   */
  prefundMoved?(platformId: PlatformId): Promise<void>;
}

/** With what keeps those apart who pay a window or change what is to be paid of it. */
export interface PayingParts extends SettlementParts {
  readonly alone: Alone;
}
