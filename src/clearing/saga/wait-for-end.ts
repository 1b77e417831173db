// Waits for sagas to end, in whichever process they run: all waits in this process share one query
// at a time. Before this: `begin-sagas.ts` wrote the saga. Next: the caller is told how it ended, or
// that it has not.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket, TransactionId } from '../../kernel/ids.ts';
import type { SagaState } from './states.ts';

export interface Waits {
  /**
   * The final state, or the present one when the time is over; undefined when there is no such
   * saga.
   */
  waitFor(bucket: Bucket, sagaId: TransactionId, atMostMs: number): Promise<SagaState | undefined>;
}

interface Waiting {
  readonly bucket: Bucket;
  readonly sagaId: TransactionId;
  readonly untilMs: number;
  readonly settle: (state: SagaState | undefined) => void;
  readonly fail: (error: unknown) => void;
}

const ASK_EVERY_MS = 25;

export function waitForEnds(
  ask: (
    bucket: Bucket,
    sagaIds: readonly TransactionId[],
  ) => Promise<readonly { readonly sagaId: TransactionId; readonly state: SagaState }[]>,
): Waits {
  const waiting = new Set<Waiting>();
  let asking = false;

  async function askUntilDone(): Promise<void> {
    while (waiting.size > 0) {
      for (const [bucket, those] of Map.groupBy(waiting, (one) => one.bucket)) {
        try {
          const states = new Map(
            (
              await ask(
                bucket,
                those.map(({ sagaId }) => sagaId),
              )
            ).map(({ sagaId, state }) => [sagaId, state]),
          );
          for (const one of those) {
            const state = states.get(one.sagaId);
            if (
              state !== undefined &&
              state !== 'completed' &&
              state !== 'failed' &&
              performance.now() < one.untilMs
            )
              continue;
            waiting.delete(one);
            one.settle(state);
          }
        } catch (error) {
          for (const one of those) {
            waiting.delete(one);
            one.fail(error);
          }
        }
      }
      if (waiting.size > 0) await sleep(ASK_EVERY_MS);
    }
    asking = false;
  }

  return {
    waitFor: (bucket, sagaId, atMostMs) =>
      new Promise((settle, fail) => {
        waiting.add({ bucket, sagaId, untilMs: performance.now() + atMostMs, settle, fail });
        if (asking) return;
        asking = true;
        void askUntilDone();
      }),
  };
}
