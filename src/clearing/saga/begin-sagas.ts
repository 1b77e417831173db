// Rows written in the same commit as the ledger's: a saga and its job for each authorisation or
// reversal, and the end of a saga for the row that ends it. Before this: `authorisation.ts` in the
// ledger. After this: the queue wakes a worker, which continues in `advance-saga.ts`.

import type { TransactionId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Alongside, Asset, PostedLeg } from '../../ledger/ledger.ts';
import { firstState, type EndState } from './states.ts';
import { endSagas, insertSagas, type NewSaga } from './store.ts';

/** Default time from the authorisation until a saga is put on the attention list. */
export const DEADLINE_MS = 600_000;

/**
 * The end that a row which posts or releases an authorisation gives its saga. Rows of a review find
 * no saga.
 */
const ends: Partial<Record<PostedLeg['kind'], EndState>> = {
  conversion: 'completed',
  release: 'failed',
};

export function createAlongside({
  clock,
  deadlineMs = DEADLINE_MS,
}: {
  readonly clock: Clock;
  readonly deadlineMs?: number;
}): Alongside {
  return {
    concerns: (leg) =>
      leg.kind === 'authorise' ||
      (leg.relatedId !== null &&
        (leg.kind === 'conversion' ||
          leg.kind === 'release' ||
          (leg.kind === 'reverse' && leg.targetAssetId !== null))),
    async write(client, legs, assets) {
      const waits: Promise<unknown>[] = [];
      for (const [bucket, rows] of Map.groupBy(legs, (leg) => leg.bucket)) {
        const begun = rows.flatMap((leg) => readSaga(leg, assets) ?? []);
        if (begun.length > 0)
          waits.push(insertSagas(client, bucket, begun, clock.now(), deadlineMs));
        for (const state of ['completed', 'failed'] as const) {
          const ended = rows.flatMap((leg): TransactionId[] => {
            if (state === 'completed' && endsRecall(leg, assets)) return [leg.transactionId];
            return leg.relatedId !== null && ends[leg.kind] === state ? [leg.relatedId] : [];
          });
          if (ended.length > 0) waits.push(endSagas(client, bucket, ended, state, clock.now()));
        }
      }
      await Promise.all(waits);
    },
  };
}

/**
 * Whether this reversal ends a recall at a connected target: the platforms have done their steps,
 * and there is nothing to undo.
 */
function endsRecall(
  { kind, targetAssetId, details }: PostedLeg,
  assets: (assetId: number) => Asset,
): boolean {
  return (
    kind === 'reverse' &&
    targetAssetId !== null &&
    details?.['recall'] !== undefined &&
    assets(targetAssetId).custody === 'connected'
  );
}

/** The saga that a row begins, if it begins one. */
function readSaga(leg: PostedLeg, assets: (assetId: number) => Asset): NewSaga | undefined {
  if ((leg.kind !== 'authorise' && leg.kind !== 'reverse') || leg.targetAssetId === null)
    return undefined;
  if (endsRecall(leg, assets)) return undefined;
  const [source, target] = [assets(leg.assetId), assets(leg.targetAssetId)];
  const route = {
    purpose: leg.kind === 'authorise' ? 'transfer' : 'reversal',
    sourceConnected: source.custody === 'connected',
    targetConnected: target.custody === 'connected',
  } as const;
  if (
    source.platformId === null ||
    target.platformId === null ||
    (!route.sourceConnected && !route.targetConnected)
  )
    return undefined;
  return {
    ...route,
    bucket: leg.bucket,
    sagaId: leg.transactionId,
    state: firstState(route),
    source: source.platformId,
    target: target.platformId,
    sourceMember: leg.memberId,
    targetMember: leg.counterpartyId ?? leg.memberId,
    amount: leg.amount,
    credited: leg.credited ?? 0n,
    reversedId: leg.kind === 'reverse' ? leg.relatedId : null,
  };
}
