// The field that a reused key names is the first one that differs.

import { expect, it } from 'vitest';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { createMemoryLedger } from '../../test/fixtures/ledger-view.ts';
import type { Command } from './commands/commands.ts';
import { replayOf } from './replay.ts';

const A = 'platform_a' as PlatformId;
const B = 'platform_b' as PlatformId;
const ann = '00000000-0000-4000-8000-000000000001' as MemberId;
const bob = '00000001-0000-4000-8000-000000000002' as MemberId;
const base = { platformId: A, memberId: ann, key: 'k', amount: 5n };
const transfer = { ...base, kind: 'transfer', toMemberId: bob, targetPlatformId: A } as const;
const redeem = { ...base, kind: 'redeem', rewardAssetId: 102, quantity: 1n } as const;

it.each<[string, Command, Command]>([
  ['operation', transfer, { ...base, kind: 'earn' }],
  ['operation', transfer, { ...transfer, targetPlatformId: B }],
  ['amount', transfer, { ...transfer, amount: 6n, toMemberId: ann }],
  ['to_user_id', transfer, { ...transfer, toMemberId: ann, reference: 'other' }],
  ['reference', transfer, { ...transfer, reference: 'other', details: { other: true } }],
  ['reference', redeem, { ...redeem, reference: 'other', quantity: 2n }],
  ['reward_id', redeem, { ...redeem, rewardAssetId: 103, quantity: 2n }],
  ['quantity', redeem, { ...redeem, quantity: 2n }],
  ['body', transfer, { ...transfer, details: { other: true } }],
])('names %s, case %#', (field, first, command) => {
  const shape = { clawback: 'debt', lifetimeDays: null, multiplierTenths: 10, stock: 9n } as const;
  const platforms = [A, B].map((platformId) => ({ ...shape, platformId }));
  const ledger = createMemoryLedger(2, platforms, () => Date.UTC(2126, 2, 10));
  ledger.submit({ ...base, kind: 'earn', key: 'opening', amount: 100n });
  const { transaction } = ledger.submit(first);
  if (transaction === undefined) throw new Error('the first command was refused');
  expect(replayOf(transaction, { command, fingerprint: 1n })).toMatchObject({
    ok: false,
    problem: { code: 'idempotency_key_reused', extra: { field } },
  });
});
