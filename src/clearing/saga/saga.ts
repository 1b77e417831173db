// Transfers over platforms that keep their points themselves: a saga carries each from its
// authorisation to its end, call by call, over crashes and lost answers. Never treats an unknown
// answer as a yes or a no. The only file of this room that others import.

export { DEADLINE_MS, createAlongside } from './begin-sagas.ts';
export { createSagas, type Sagas } from './create-sagas.ts';
export { sagaProblems } from './problems.ts';
export { firstState } from './states.ts';
export { insertSagas, selectSagas } from './store.ts';
export type {
  Saga,
  SagaAction,
  SagaActionName,
  TransferStanding,
  TransferStatus,
} from './types.ts';
export { migrateQueue, type SagaWorkers } from './worker.ts';
