// Transitions of many sagas written together: waiting for the disk is what takes time, and one wait serves all that came meanwhile.

import type { Bucket } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Pool } from '../../runtime/database.ts';
import type { SagaState } from './states.ts';
import { moveSagas } from './store.ts';
import type { Saga } from './types.ts';

interface Waiting {
  readonly saga: Saga;
  readonly to: SagaState;
  readonly settle: (moved: Saga | undefined) => void;
  readonly fail: (error: unknown) => void;
}

/** Moves resolve to the saga as it is then, or to undefined when somebody else has moved it. */
export function shareMoves(pool: Pool, clock: Clock): (saga: Saga, to: SagaState) => Promise<Saga | undefined> {
  const waiting = new Map<Bucket, Waiting[]>();
  const writing = new Set<Bucket>();

  async function write(bucket: Bucket): Promise<void> {
    for (let batch = waiting.get(bucket); batch !== undefined; batch = waiting.get(bucket)) {
      waiting.delete(bucket);
      try {
        const moved = new Map((await moveSagas(pool, bucket, batch, clock.now())).map((saga) => [saga.sagaId, saga]));
        for (const { saga, settle } of batch) settle(moved.get(saga.sagaId));
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    writing.delete(bucket);
  }

  return (saga, to) => new Promise((settle, fail) => {
    const batch = waiting.get(saga.bucket);
    if (batch === undefined) waiting.set(saga.bucket, [{ saga, to, settle, fail }]);
    else batch.push({ saga, to, settle, fail });
    if (writing.has(saga.bucket)) return;
    writing.add(saga.bucket);
    setImmediate(() => void write(saga.bucket));
  });
}
