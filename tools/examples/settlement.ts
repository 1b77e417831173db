// Examples of settlement: a window is closed, paid in part, and taken back by two operators.

import type { Act } from './step.ts';

const params = { window_id: '{window}' };
const read = { params, after: ['closeWindow'] };
const ofPlatform = { params, query: { platform_id: 'platform_a' }, after: ['closeWindow'] };

function takenBack(propose: Act, name: string): readonly Act[] {
  return [
    propose,
    {
      operation: 'withdrawSettlementAct',
      params: { ...params, act_id: `{${name}}` },
      body: {},
    },
  ];
}

export const SETTLEMENT: readonly Act[] = [
  { operation: 'getWindowSettings' },
  {
    operation: 'setWindowSettings',
    body: { daily_at: '02:00', gross_pairs: [['platform_a', 'platform_b']] },
  },
  { operation: 'setWindowSettings', body: { daily_at: null, gross_pairs: [] } },
  {
    operation: 'listWindows',
    query: { limit: 1 },
    after: ['transfer'],
    save: { window: 'windows.0.window_id' },
  },
  { operation: 'closeWindow', params, body: {} },
  { operation: 'getWindow', ...read, until: 'counted_at' },
  { operation: 'listSettlements', query: { limit: 1 }, after: ['closeWindow'] },
  { operation: 'getSettlement', ...read },
  { operation: 'getStatement', ...read },
  { operation: 'getStatement', ...read, query: { format: 'csv' } },
  { operation: 'getStatement', ...read, query: { format: 'html', lang: 'en' } },
  { operation: 'listSettlementTransactions', ...read, query: { limit: 1 } },
  { operation: 'listSettlementTransactions', ...read, query: { format: 'csv' } },
  { operation: 'getWindowStatement', ...ofPlatform },
  {
    operation: 'getWindowStatement',
    ...ofPlatform,
    query: { ...ofPlatform.query, format: 'csv' },
  },
  {
    operation: 'getWindowStatement',
    ...ofPlatform,
    query: { ...ofPlatform.query, format: 'html', lang: 'en' },
  },
  { operation: 'listWindowTransactions', ...ofPlatform, query: { ...ofPlatform.query, limit: 1 } },
  {
    operation: 'listWindowTransactions',
    ...ofPlatform,
    query: { ...ofPlatform.query, format: 'csv' },
  },
  { operation: 'proposeSettlement', ...read, body: { from: 'prefund' } },
  { operation: 'withdrawSettlement', params, body: {}, after: ['proposeSettlement'] },
  { operation: 'proposeSettlement', ...read, body: { from: 'prefund' } },
  {
    operation: 'approveSettlement',
    by: 'checker',
    params,
    body: {},
    after: ['proposeSettlement'],
  },
  ...takenBack(
    {
      operation: 'proposeLeaveOut',
      params,
      body: { platform_id: 'platform_a', reason: 'They cannot pay' },
      after: ['approveSettlement'],
      save: { act: 'act_id' },
    },
    'act',
  ),
  ...takenBack(
    {
      operation: 'proposeTakeBack',
      params,
      body: { reason: 'They pay by bank' },
      after: ['approveSettlement'],
      save: { act2: 'act_id' },
    },
    'act2',
  ),
  {
    operation: 'proposeAbort',
    params,
    body: { reason: 'The wrong window' },
    after: ['approveSettlement'],
    save: { act3: 'act_id' },
  },
  {
    operation: 'approveSettlementAct',
    by: 'checker',
    params: { ...params, act_id: '{act3}' },
    body: {},
  },
];
