// The program does and prints the worked example of docs/settlement.md, and prints each open
// proposal with the command that approves it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger } from '../../test/fixtures/ledger.ts';
import { CHECKER, createTestSettlement, MAKER } from '../../test/fixtures/settlement.ts';
import { formatId, type PlatformId } from '../kernel/ids.ts';
import type { Outcome } from '../ledger/ledger.ts';
import { describeWindowFigures } from '../views/window.ts';
import { windowLines } from './window-lines.ts';

it('the worked example of docs/settlement.md comes out as printed there', async () => {
  await using database = await createTestDatabase();
  const test = await createTestLedger(database);
  try {
    const windows = createTestSettlement(test, database);
    const member = test.member();
    for (const platform of ['platform_a', 'platform_b', 'platform_c'])
      await test.earn(platform, member, 10_000_000n);
    const convert = async (
      from: string,
      points: bigint,
      to: string,
    ): Promise<Extract<Outcome, { ok: true }>['transaction']['transactionId']> => {
      const outcome = await test.transfer(from, member, points * 100n, to, member);
      if (!outcome.ok) throw new Error(outcome.problem.detail);
      return outcome.transaction.transactionId;
    };
    const sent = await convert('platform_a', 12_000n, 'platform_b');
    await convert('platform_b', 4_000n, 'platform_c');
    await convert('platform_c', 2_500n, 'platform_a');
    await test.submit('platform_a', member, {
      kind: 'reverse',
      transactionId: sent,
      amount: 300_000n,
      reason: 'in part',
    });
    windows.frozen.set(sent, 120_000n);
    const windowId = await windows.close();
    expect(await windows.settle(windowId)).toBe('settled');
    const found = await windows.settlement.find(windowId);
    if (!found.ok) throw new Error(found.problem.detail);
    const lines = windowLines(describeWindowFigures(found.value, test.ledger), test.ledger);
    const printed = lines
      .slice(lines.indexOf('Positions (CNY)'))
      .join('\n')
      .replace(formatId('txn', sent), 'txn_0000e3b1c96a8f0284d17a2b5c6d9e01')
      .replaceAll('bank 1', 'HSBC-17');
    expect(
      readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'settlement.md'), 'utf8'),
    ).toContain(printed);
  } finally {
    await test.ledger.close();
  }
});

it('what one operator has proposed is shown with the command for another one', async () => {
  await using database = await createTestDatabase();
  const test = await createTestLedger(database);
  try {
    const { settlement, close } = createTestSettlement(test, database);
    const member = test.member();
    await test.earn('platform_a', member, 100_000n);
    expect(await test.transfer('platform_a', member, 100_000n, 'platform_b', member)).toMatchObject(
      { ok: true },
    );
    const windowId = await close();
    const head = async (): Promise<string> => {
      const found = await settlement.find(windowId);
      if (!found.ok) throw new Error(found.problem.detail);
      return (
        windowLines(describeWindowFigures(found.value, test.ledger), test.ledger)
          .join('\n')
          .split('\n\n')[0] ?? ''
      );
    };
    const next = `another operator: pontis windows approve ${windowId}`;
    expect(await head()).not.toContain(next);
    await settlement.propose({ windowId, operatorId: MAKER, payments: [] });
    expect(await head()).toMatch(new RegExp(`^proposed {4}by maker; ${next}$`, 'm'));
    await settlement.approve({ windowId, operatorId: CHECKER });
    expect(await head()).toMatch(/^proposed {4}by maker, approved by checker$/m);
    expect(await head()).not.toContain(next);
    const payments = [
      {
        participant: 'platform_a' as PlatformId,
        from: 'outside' as const,
        bankReference: 'bank 2',
      },
    ];
    await settlement.propose({ windowId, operatorId: CHECKER, payments });
    expect(await head()).toMatch(new RegExp(`^changed {5}by checker; ${next}$`, 'm'));
  } finally {
    await test.ledger.close();
  }
});
