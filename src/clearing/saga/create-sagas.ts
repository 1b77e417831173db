// The sagas of a process: begins them in the ledger's commits, advances them, waits for them, and
// carries out operators' decisions.

import type { Identity } from '../../identity/identity.ts';
import {
  bucketOfTransaction,
  parseId,
  buckets,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Command, Ledger } from '../../ledger/ledger.ts';
import { dbTransaction, type Pool } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { ConnectorClient } from '../../connections/connections.ts';
import { advanceSaga } from './advance-saga.ts';
import { rememberFigures } from './figures.ts';
import { createSagaMeasures } from './measure.ts';
import { countCalls } from './platform-calls.ts';
import { sagaProblems } from './problems.ts';
import { share } from './share.ts';
import { forcedEnds, forwardStates, isOpen, steps, type SagaState } from './states.ts';
import {
  moveSagas,
  orderSaga,
  putOffSagas,
  selectActions,
  selectFigures,
  selectOpen,
  selectSagas,
  selectStates,
  type SagaFigures,
  type SagaMove,
  type SagaWait,
} from './store.ts';
import type { Saga, SagaAction, SagaActionName, SagaStep, TransferStanding } from './types.ts';
import { waitForEnds } from './wait-for-end.ts';
import { CONCURRENCY, startWorkers, type SagaWorkers } from './worker.ts';

export interface SagasParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly ledger: Ledger;
  readonly identity: Pick<Identity, 'userOf'>;
  connectorOf(platformId: PlatformId): ConnectorClient | undefined;
  /**
   * The ledger command that takes a recall's points back; undefined when nothing is left to take.
   */
  recallReversal(saga: Saga): Promise<Command | undefined>;
  /** Sagas that this process advances at a time. */
  readonly concurrency?: number;
}

export interface Sagas {
  /** Starts to take sagas from the queue; any number of processes may do so. */
  start(): SagaWorkers;
  find(sagaId: TransactionId): Promise<Saga | undefined>;
  /** The transfer's status; undefined if no saga carries it. */
  standingOf(transactionId: TransactionId): Promise<TransferStanding | undefined>;
  /** Waits until a transfer has ended, up to a time limit; returns its status then. */
  waitFor(transactionId: TransactionId, atMostMs: number): Promise<TransferStanding | undefined>;
  /** Those that need an operator, or all open ones; oldest first. */
  list(which: 'attention' | 'open', limit: number): Promise<Saga[]>;
  listActions(saga: Saga): Promise<SagaAction[]>;
  /** The actions that an operator may choose now. */
  actionsOf(saga: Saga): readonly SagaActionName[];
  /** The call it makes or waits to make; undefined once it has ended. */
  stepOf(saga: Saga): SagaStep | undefined;
  /** Records an operator's decision; a worker carries it out. */
  decide(
    publicId: string,
    action: SagaActionName,
    operatorId: string,
    reason: string,
  ): Promise<Result<Saga>>;
  /** At most half a second old; fails when the database does not answer in time. */
  figures(): Promise<SagaFigures>;
}

/**
 * The share of all calls under way in a process that may go to one platform, so that a platform
 * that hangs cannot hold up the others.
 */
const SHARE_OF_ONE_PLATFORM = 0.6;

export function createSagas(parts: SagasParts): Sagas {
  const {
    pool,
    clock,
    log,
    metrics,
    ledger,
    identity,
    connectorOf,
    concurrency = CONCURRENCY,
  } = parts;
  const calls = countCalls(Math.ceil(concurrency * SHARE_OF_ONE_PLATFORM));
  const read = share((bucket, ids: readonly TransactionId[]) => selectSagas(pool, bucket, ids));
  const write = share((bucket, moves: readonly SagaMove[]) =>
    moveSagas(pool, bucket, moves, clock.now()),
  );
  const putOff = share((bucket, waits: readonly SagaWait[]) =>
    putOffSagas(pool, bucket, waits, clock.now()),
  );
  const figures = rememberFigures(() => selectFigures(pool, clock.now()));
  const advancing = {
    pool,
    clock,
    log,
    ledger,
    calls,
    connectorOf,
    recallReversal: parts.recallReversal,
    userOf: identity.userOf.bind(identity),
    measures: createSagaMeasures(metrics, figures),
    putOff: (saga: Saga, atMs: number, error: string) => putOff(saga.bucket, { saga, atMs, error }),
    move: (saga: Saga, to: SagaState, refusal?: string) =>
      write(saga.bucket, { saga, to, refusal }),
  };
  const find = (sagaId: TransactionId): Promise<Saga | undefined> => {
    const bucket = bucketOfTransaction(sagaId);
    return bucket < ledger.bucketCount() ? read(bucket, sagaId) : Promise.resolve(undefined);
  };
  const toStanding = async (
    sagaId: TransactionId,
    state: SagaState | undefined,
  ): Promise<TransferStanding | undefined> => {
    if (state === undefined) return undefined;
    const reason = state === 'failed' ? await findReason(sagaId, ledger) : undefined;
    return { status: statusOf(state), ...(reason === undefined ? {} : { reason }) };
  };
  const waits = waitForEnds((bucket, ids) => selectStates(pool, bucket, ids));

  return {
    find,
    start: () =>
      startWorkers({
        pool,
        log,
        clock,
        concurrency,
        bucketCount: () => ledger.bucketCount(),
        advance: async (bucket, sagaId) => {
          const saga = await read(bucket, sagaId);
          if (saga !== undefined) await advanceSaga(saga, advancing);
        },
      }),
    standingOf: async (transactionId) =>
      toStanding(transactionId, (await find(transactionId))?.state),
    waitFor: async (transactionId, atMostMs) => {
      const bucket = bucketOfTransaction(transactionId);
      return bucket < ledger.bucketCount()
        ? toStanding(transactionId, await waits.waitFor(bucket, transactionId, atMostMs))
        : undefined;
    },
    list: (which, limit) => listOpen(parts, which, limit),
    listActions: (saga) => selectActions(pool, saga.bucket, saga.sagaId),
    actionsOf,
    stepOf: (saga) =>
      isOpen(saga.state)
        ? { call: steps[saga.state].call, platformId: saga[steps[saga.state].side] }
        : undefined,
    decide: async (publicId, action, operatorId, reason) => {
      const sagaId = parseId('txn', publicId);
      const saga = sagaId === undefined ? undefined : await find(sagaId);
      if (saga === undefined) return refuse(sagaProblems.saga_not_found());
      if (!isOpen(saga.state)) return refuse(sagaProblems.saga_ended(`It is ${saga.state}.`));
      if (!actionsOf(saga).includes(action))
        return refuse(
          sagaProblems.saga_action_not_possible(
            `${action} is not possible while it is ${saga.state}.`,
          ),
        );
      const ordered = await dbTransaction(pool, (client) =>
        orderSaga(client, saga, action, operatorId, reason, clock.now()),
      );
      if (!ordered) return refuse(sagaProblems.saga_moved());
      return ok((await find(saga.sagaId)) ?? saga);
    },
    figures,
  };
}

/** Over all buckets, oldest first. */
async function listOpen(
  { pool, ledger }: Pick<SagasParts, 'pool' | 'ledger'>,
  which: 'attention' | 'open',
  limit: number,
): Promise<Saga[]> {
  const found: Saga[] = [];
  for (const bucket of buckets(ledger.bucketCount()))
    found.push(...(await selectOpen(pool, bucket, which === 'open', limit)));
  return found.toSorted((a, b) => a.createdAtMs - b.createdAtMs).slice(0, limit);
}

function actionsOf(saga: Saga): readonly SagaActionName[] {
  if (!isOpen(saga.state)) return [];
  const ends: readonly string[] = forcedEnds[saga.purpose][saga.state];
  const undo = saga.purpose !== 'reversal' && forwardStates.has(saga.state);
  return [
    'retry',
    ...(undo ? ['undo' as const] : []),
    ...(ends.includes('completed') ? ['force_completed' as const] : []),
    ...(ends.includes('failed') ? ['force_failed' as const] : []),
  ];
}

function statusOf(state: SagaState): TransferStanding['status'] {
  return isOpen(state) ? 'pending' : state;
}

/** Why a transfer failed, from the row that released it. */
async function findReason(sagaId: TransactionId, ledger: Ledger): Promise<string | undefined> {
  const hold = await ledger.findHold(sagaId);
  const [release] = hold?.resolvedBy == null ? [] : await ledger.findTransaction(hold.resolvedBy);
  const reason = release?.details?.['reason'];
  return typeof reason === 'string' ? reason : undefined;
}
