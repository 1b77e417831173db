// The sagas of a process: begins them with the ledger's commits, goes on with them, waits for them, and carries out what operators decide.

import type { Identity } from '../../identity/identity.ts';
import { bucketOfTransaction, parseId, type Bucket, type PlatformId, type TransactionId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { dbTransaction, type Pool } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import type { ConnectorClient } from '../connector/connector-client.ts';
import { advanceSaga } from './advance-saga.ts';
import { countCalls } from './platform-calls.ts';
import { sagaProblems } from './problems.ts';
import { shareMoves } from './share-moves.ts';
import { forcedEnds, isOpen, type SagaState } from './states.ts';
import { orderSaga, selectActions, selectFigures, selectOpen, selectSaga, selectStates, type SagaFigures } from './store.ts';
import type { Saga, SagaAction, SagaActionName, TransferStatus } from './types.ts';
import { waitForEnds } from './wait-for-end.ts';
import { CONCURRENCY, startWorkers, type SagaWorkers } from './worker.ts';

export interface SagasParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly identity: Pick<Identity, 'userOf'>;
  connectorOf(platformId: PlatformId): ConnectorClient | undefined;
  /** Sagas that this process goes on with at a time. */
  readonly concurrency?: number;
}

export interface Sagas {
  /** Starts to take sagas from the queue; any number of processes may. */
  start(): SagaWorkers;
  find(sagaId: TransactionId): Promise<Saga | undefined>;
  /** How it stands with a transfer; undefined when it is none of a saga. */
  statusOf(transactionId: TransactionId): Promise<TransferStatus | undefined>;
  /** Waits until a transfer has ended, at most so long; answers how it stands then. */
  waitFor(transactionId: TransactionId, atMostMs: number): Promise<TransferStatus | undefined>;
  /** Those that need a person, or all that are open; oldest first. */
  list(which: 'attention' | 'open', limit: number): Promise<Saga[]>;
  listActions(saga: Saga): Promise<SagaAction[]>;
  /** What an operator may decide of it now. */
  actionsOf(saga: Saga): readonly SagaActionName[];
  /** Notes an operator's decision; a worker carries it out. */
  decide(publicId: string, action: SagaActionName, operatorId: string, reason: string): Promise<Result<Saga>>;
  figures(): Promise<SagaFigures>;
}

/** Of all calls that a process may have under way, how many may go to one platform: a platform that hangs must not hold up the others. */
const SHARE_OF_ONE_PLATFORM = 0.6;

export function createSagas(parts: SagasParts): Sagas {
  const { pool, clock, log, ledger, identity, connectorOf, concurrency = CONCURRENCY } = parts;
  const calls = countCalls(Math.ceil(concurrency * SHARE_OF_ONE_PLATFORM));
  const advancing = { pool, clock, log, ledger, connectorOf, userOf: identity.userOf.bind(identity), move: shareMoves(pool, clock), calls };
  const find = (sagaId: TransactionId): Promise<Saga | undefined> => {
    const bucket = bucketOfTransaction(sagaId);
    return bucket < ledger.bucketCount() ? selectSaga(pool, bucket, sagaId) : Promise.resolve(undefined);
  };
  const waits = waitForEnds((bucket, ids) => selectStates(pool, bucket, ids));

  return {
    find,
    start: () => startWorkers({
      pool, log, clock, concurrency, bucketCount: () => ledger.bucketCount(),
      advance: async (bucket, sagaId) => {
        const saga = await selectSaga(pool, bucket, sagaId);
        if (saga !== undefined) await advanceSaga(saga, advancing);
      },
    }),
    statusOf: async (transactionId) => toStatus((await find(transactionId))?.state),
    waitFor: async (transactionId, atMostMs) => {
      const bucket = bucketOfTransaction(transactionId);
      return bucket < ledger.bucketCount() ? toStatus(await waits.waitFor(bucket, transactionId, atMostMs)) : undefined;
    },
    list: async (which, limit) => {
      const found: Saga[] = [];
      for (let bucket = 0; bucket < ledger.bucketCount(); bucket += 1) found.push(...(await selectOpen(pool, bucket as Bucket, which === 'open', limit)));
      return found.toSorted((a, b) => a.createdAtMs - b.createdAtMs).slice(0, limit);
    },
    listActions: (saga) => selectActions(pool, saga.bucket, saga.sagaId),
    actionsOf,
    decide: async (publicId, action, operatorId, reason) => {
      const sagaId = parseId('txn', publicId);
      const saga = sagaId === undefined ? undefined : await find(sagaId);
      if (saga === undefined) return refuse(sagaProblems.saga_not_found());
      if (!isOpen(saga.state)) return refuse(sagaProblems.saga_ended(`It is ${saga.state}.`));
      if (!actionsOf(saga).includes(action)) return refuse(sagaProblems.saga_action_not_possible(`${action} is not possible while it is ${saga.state}.`));
      const ordered = await dbTransaction(pool, (client) => orderSaga(client, saga, action, operatorId, reason, clock.now()));
      if (!ordered) return refuse(sagaProblems.saga_moved());
      return ok((await find(saga.sagaId)) ?? saga);
    },
    figures: () => selectFigures(pool, clock.now()),
  };
}

function actionsOf(saga: Saga): readonly SagaActionName[] {
  if (!isOpen(saga.state)) return [];
  const ends: readonly string[] = forcedEnds[saga.purpose][saga.state];
  const undo = saga.purpose === 'transfer' && (saga.state === 'deducting' || saga.state === 'adding');
  return [
    'retry', ...(undo ? ['undo' as const] : []),
    ...(ends.includes('completed') ? ['force_completed' as const] : []), ...(ends.includes('failed') ? ['force_failed' as const] : []),
  ];
}

function toStatus(state: SagaState | undefined): TransferStatus | undefined {
  return state === undefined || state === 'completed' || state === 'failed' ? state : 'pending';
}
