// Examples of points, users, transactions, rewards and reports, as a platform calls them.

import type { Act } from './step.ts';

export const POINTS: readonly Act[] = [
  { operation: 'ping', body: { hello: 'pontis' } },
  { operation: 'linkUser', body: { platform_user_id: 'a_2001' }, status: 201 },
  { operation: 'linkUser', body: { platform_user_id: 'a_2001' } },
  { operation: 'getUser', params: { platform_user_id: 'a_2001' }, after: ['linkUser'] },
  {
    operation: 'setTags',
    params: { platform_user_id: 'a_2001' },
    body: { tags: ['vip'] },
    after: ['linkUser'],
  },
  {
    operation: 'earn',
    body: { user_id: 'a_1001', amount: 1200, reference: 'order-1', idempotency_key: 'earn-1' },
    save: { earned: 'transaction_id' },
  },
  { operation: 'getBalance', query: { user_id: 'a_1001' } },
  {
    operation: 'quote',
    body: { from_user_id: 'a_1001', amount: 100, target_platform: 'platform_b' },
    save: { quote: 'quote_id' },
  },
  {
    operation: 'transfer',
    body: {
      from_user_id: 'a_1001',
      to_user_id: 'b_1001',
      amount: 100,
      target_platform: 'platform_b',
      idempotency_key: 'transfer-1',
    },
    save: { transfer: 'transaction_id' },
  },
  { operation: 'getTransaction', params: { transaction_id: '{transfer}' } },
  { operation: 'getHistory', query: { user_id: 'a_1001' }, after: ['transfer'] },
  {
    operation: 'hold',
    body: { user_id: 'a_1001', amount: 50, reference: 'order-2', idempotency_key: 'hold-1' },
    save: { hold: 'hold_id' },
  },
  {
    operation: 'capture',
    params: { hold_id: '{hold}' },
    body: { amount: 40, idempotency_key: 'capture-1' },
  },
  {
    operation: 'hold',
    body: { user_id: 'a_1001', amount: 50, idempotency_key: 'hold-2' },
    save: { hold2: 'hold_id' },
  },
  {
    operation: 'release',
    params: { hold_id: '{hold2}' },
    body: { idempotency_key: 'release-1' },
  },
  {
    operation: 'reverse',
    body: {
      transaction_id: '{earned}',
      amount: 10,
      reason: 'One item was sent back',
      idempotency_key: 'reverse-1',
    },
  },
  {
    operation: 'batch',
    body: {
      operations: [
        { kind: 'earn', user_id: 'a_1001', amount: 20 },
        { kind: 'earn', user_id: 'a_1002', amount: 30 },
      ],
      idempotency_key: 'batch-1',
    },
  },
  { operation: 'getRates' },
  { operation: 'listRewards' },
  { operation: 'listRedemptionOptions', query: { user_id: 'a_1001' } },
  {
    operation: 'validateRedemption',
    body: { user_id: 'a_1001', reward_id: 'coupon_10' },
  },
  {
    operation: 'redeem',
    body: {
      user_id: 'a_1001',
      amount: 1000,
      reward_id: 'coupon_10',
      idempotency_key: 'redeem-1',
    },
    save: { redemption: 'redemption_id', voucher: 'vouchers.0' },
  },
  { operation: 'getRedemption', params: { redemption_id: '{redemption}' } },
  { operation: 'getVoucher', params: { code: '{voucher}' } },
  {
    operation: 'fulfilRedemption',
    params: { redemption_id: '{redemption}' },
    body: { vouchers: ['{voucher}'], idempotency_key: 'fulfil-1' },
  },
  {
    operation: 'redeem',
    body: { user_id: 'a_1002', amount: 1000, reward_id: 'coupon_10', idempotency_key: 'redeem-2' },
    save: { redemption2: 'redemption_id' },
  },
  {
    operation: 'cancelRedemption',
    params: { redemption_id: '{redemption2}' },
    body: { reason: 'Ordered by mistake' },
  },
  { operation: 'getLiability' },
  { operation: 'getReserve' },
  { operation: 'listEvents', query: { limit: 1 }, after: ['transfer'] },
];
