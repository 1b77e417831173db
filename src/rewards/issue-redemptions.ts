// Makes a redemption and its vouchers from a posted redeem. Everything follows from the ledger's
// row, so it can be written at once, or later, or twice.

import type { PlatformId } from '../kernel/ids.ts';
import { DAY_MS, type Clock } from '../kernel/time.ts';
import type { Ledger, PostedLeg } from '../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { appendEvents, type NewEvent } from '../events/events.ts';
import { rewardAssetCode, type RulebookDocument, type Valuation } from '../valuation/valuation.ts';
import { describeEvents } from './redemption-events.ts';
import { insertRedemptions } from './store.ts';
import type { Issue } from './types.ts';
import type { VoucherCodes, VoucherHash } from './voucher-code.ts';

export interface IssueParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly valuation: Valuation;
  readonly codesOf: VoucherCodes;
  readonly hashOf: VoucherHash;
}

export interface Issuer {
  /** The redemption of a posted redeem; undefined for units that are no reward of the catalogue. */
  read(leg: PostedLeg): Promise<Issue | undefined>;
  /**
   * Writes what is missing within the caller's dbTransaction. The caller appends the events last:
   * their lock comes after those of rows.
   */
  write(client: DbClient, issues: readonly Issue[]): Promise<readonly NewEvent[]>;
  /** Writes what is missing; callers at the same time share one commit. */
  record(issue: Issue): Promise<void>;
}

/** Versions of the rulebook whose terms are cached. */
const MOST_VERSIONS = 16;

export function createIssuer({
  pool,
  clock,
  ledger,
  valuation,
  codesOf,
  hashOf,
}: IssueParts): Issuer {
  const documents = new Map<number, RulebookDocument>();
  const documentOf = async (version: number): Promise<RulebookDocument | undefined> => {
    const present = valuation.rulebook();
    if (present.version === version) return present.document;
    const known = documents.get(version);
    if (known !== undefined) return known;
    const found = await valuation.proposals.findVersion(version);
    if (!found.ok) return undefined;
    if (documents.size >= MOST_VERSIONS) documents.clear();
    documents.set(version, found.value.document);
    return found.value.document;
  };
  /** The terms in force when the redemption was decided. */
  const voucherDays = async (
    version: number | null,
    platformId: PlatformId,
    rewardId: string,
  ): Promise<number | undefined> => {
    const listed = version === null ? undefined : (await documentOf(version))?.rewards;
    const list =
      listed !== undefined && Object.hasOwn(listed, platformId) ? listed[platformId] : undefined;
    return list !== undefined && Object.hasOwn(list, rewardId)
      ? list[rewardId]?.voucher_days
      : undefined;
  };
  const write = async (
    client: DbClient,
    issues: readonly Issue[],
  ): Promise<readonly NewEvent[]> => {
    if (issues.length === 0) return [];
    const fresh = await insertRedemptions(client, issues, ({ redemptionId, quantity }) =>
      codesOf(redemptionId, quantity).map(({ code, unit }) => ({
        codeHash: hashOf(code),
        unit,
        units: unit === 0 ? quantity : 1n,
      })),
    );
    return describeEvents('redemption.issued', fresh, ledger);
  };

  return {
    write,
    async read(leg) {
      const asset = leg.targetAssetId === null ? undefined : ledger.assetById(leg.targetAssetId);
      // Another process may have registered it a moment ago; the caller asks again.
      if (asset === undefined)
        throw new Error(`asset ${leg.targetAssetId ?? 'null'} of a redeem is not known here yet`);
      const { platformId, code } = asset;
      const prefix = rewardAssetCode(platformId ?? '', '');
      if (platformId === null || !code.startsWith(prefix) || leg.credited === null)
        return undefined;
      const rewardId = code.slice(prefix.length);
      const days = await voucherDays(leg.rulebookVersion, platformId, rewardId);
      return {
        redemptionId: leg.transactionId,
        platformId,
        memberId: leg.memberId,
        rewardId,
        quantity: leg.credited,
        amount: leg.amount,
        issuedAtMs: leg.postedAtMs,
        expiresAtMs: days === undefined ? null : leg.postedAtMs + days * DAY_MS,
      };
    },
    record: shareWrites((issues) =>
      dbTransaction(pool, async (client) =>
        appendEvents(client, await write(client, issues), clock.now()),
      ),
    ),
  };
}

/** Calls that arrive during a write go into the next one. */
function shareWrites<T>(write: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: T[] = [];
  let next: Promise<void> | undefined;
  let running: Promise<unknown> = Promise.resolve();
  return (item) => {
    waiting.push(item);
    next ??= running.then(() => {
      const items = waiting;
      waiting = [];
      next = undefined;
      const writing = write(items);
      running = writing.catch(() => undefined);
      return writing;
    });
    return next;
  };
}
