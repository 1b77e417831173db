// Examples with the connected platform of the demo network, which is down for a while: transfers
// that wait for operators, and the breaks that reconciliation finds afterwards.

import type { Act } from './step.ts';

function transferFor(name: string): Act {
  return {
    operation: 'transfer',
    body: {
      from_user_id: 'a_1001',
      to_user_id: 'c_1001',
      amount: 10,
      target_platform: 'platform_c',
      idempotency_key: `for-${name}`,
    },
    status: 202,
    save: { [name]: 'transaction_id' },
  };
}

function forced(
  operation: 'forceTransferCompleted' | 'forceTransferFailed',
  name: string,
): readonly Act[] {
  return [
    transferFor(name),
    {
      operation,
      params: { transaction_id: `{${name}}` },
      body: { reason: 'Their books were read by telephone' },
      status: 202,
      save: { [`${name}_request`]: 'request_id' },
    },
    {
      operation: 'approveRequest',
      by: 'checker',
      params: { request_id: `{${name}_request}` },
      body: { reason: 'I have read them too' },
    },
  ];
}

export const CONNECTED: readonly Act[] = [
  { sandbox: '/faults', method: 'PUT', body: { down: true } },
  transferFor('waiting'),
  { operation: 'listTransfers', query: { which: 'open' }, after: ['transfer'] },
  { operation: 'getTransfer', params: { transaction_id: '{waiting}' } },
  {
    operation: 'retryTransfer',
    params: { transaction_id: '{waiting}' },
    body: { reason: 'They say that they are back' },
  },
  {
    operation: 'undoTransfer',
    params: { transaction_id: '{waiting}' },
    body: { reason: 'The member does not want to wait' },
  },
  ...forced('forceTransferFailed', 'forced_failed'),
  ...forced('forceTransferCompleted', 'forced'),
  ...forced('forceTransferCompleted', 'forced2'),
  ...forced('forceTransferCompleted', 'forced3'),
  { sandbox: '/faults', method: 'PUT', body: {} },
];

export const BREAKS: readonly Act[] = [
  {
    operation: 'requestReconciliation',
    body: { platform_id: 'platform_c', mode: 'full' },
    after: ['forceTransferCompleted', 'approveRequest'],
  },
  { operation: 'listReconciliations', after: ['requestReconciliation'] },
  {
    operation: 'listBreaks',
    query: { platform_id: 'platform_c' },
    after: ['requestReconciliation'],
    until: 'breaks.2',
    save: { break: 'breaks.0.break_id', break2: 'breaks.1.break_id', break3: 'breaks.2.break_id' },
  },
  { operation: 'getBreak', params: { break_id: '{break}' } },
  { operation: 'recheckBreak', params: { break_id: '{break}' }, body: {} },
  {
    operation: 'noteBreak',
    params: { break_id: '{break}' },
    body: { note: 'Their operators look at it' },
  },
  {
    operation: 'acceptBreak',
    params: { break_id: '{break}' },
    body: { reason: 'They have corrected their books' },
    status: 202,
  },
  {
    operation: 'adjustBreak',
    params: { break_id: '{break2}' },
    body: { reason: 'The points never came' },
    status: 409,
  },
  {
    operation: 'disputeBreak',
    params: { break_id: '{break3}' },
    body: { reason: 'The points never came', side: 'source' },
  },
];

/**
 * Steps that are refused when they are sent at once: a difference can be adjusted when it is two
 * minutes old, and no step waits so long.
 */
export const REFUSED_AT_ONCE: ReadonlyMap<string, string> = new Map([
  ['adjustBreak', 'break_not_adjustable'],
]);

export const OPEN: readonly Act[] = [
  { operation: 'health' },
  { operation: 'live' },
  { operation: 'ready' },
  { operation: 'metrics', by: 'monitor' },
  { operation: 'listProblems' },
  { operation: 'getProblem', params: { code: 'insufficient_balance' } },
  { operation: 'getOpenApi' },
  { operation: 'getConnectorOpenApi' },
];
