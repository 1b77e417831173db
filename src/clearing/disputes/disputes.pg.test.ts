// Disputes on a real ledger: what is frozen, what can be claimed, and the result of every outcome.

import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../test/fixtures/api.ts';
import {
  A,
  B,
  setUpDisputes,
  DAY_MS,
  publicId,
  decision,
} from '../../../test/fixtures/disputes.ts';
import { formatId, parseId, type TransactionId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createDisputes } from './create-disputes.ts';

const {
  database,
  api,
  disputes,
  ledger,
  moved,
  claim,
  opened,
  now,
  underReview,
  points,
  spend,
  positions,
} = await setUpDisputes();

describe('a freeze', () => {
  it('holds the disputed part and no more, as far as it is there', async () => {
    const { id, receiver } = await moved();
    const { balance } = await points('platform_b', receiver);
    const dispute = await opened(id, { amount: 2_500n });
    expect(dispute).toMatchObject({
      state: 'opened',
      amount: 2_500n,
      credited: balance / 4n + (balance % 4n === 0n ? 0n : 1n),
      resolution: null,
    });
    expect(dispute.frozen).toBe(dispute.credited);
    expect(await points('platform_b', receiver)).toEqual({
      balance,
      available: balance - dispute.credited,
      held: dispute.credited,
      debt: 0n,
    });
    expect(await disputes.listFrozen()).toContainEqual({ transactionId: id, amount: 2_500n });
  });

  it('says what could not be frozen when the receiver has spent it', async () => {
    const { id, receiver } = await moved();
    expect(await spend(receiver, 80)).toBe(200);
    const { available } = await points('platform_b', receiver);
    const dispute = await opened(id);
    expect(dispute.frozen).toBe(available);
    expect(dispute.frozen).toBeLessThan(dispute.credited);
  });

  it('is zero when nothing is left, and the dispute goes on', async () => {
    const { id, receiver } = await moved('platform_a');
    expect(await spend(receiver, 100, 'platform_a')).toBe(200);
    expect(await opened(id)).toMatchObject({ state: 'opened', frozen: 0n });
  });

  it('is not taken by spending at the same moment, nor by more of it later', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, receiver } = await moved();
      const [dispute] = await Promise.all([
        opened(id),
        ...Array.from({ length: 8 }, () => spend(receiver, 15)),
      ]);
      const after = await points('platform_b', receiver);
      expect(after.held).toBe(dispute.frozen);
      expect(after.balance).toBe(after.available + after.held);
      expect(await spend(receiver, Number(after.available + 1n) / 100)).toBe(400);
    }
  });

  it('is neither released nor captured by the platform that keeps it, nor ended by time or by a rule against holds', async () => {
    const { id, receiver } = await moved();
    await api.amend((document) => ({
      ...document,
      rules: { no_holds: { kind: 'deny', operations: ['hold'], reason: 'none' } },
    }));
    const dispute = await opened(id);
    await api.amend((document) => ({ ...document, rules: {} }));
    const hold = formatId('hold', dispute.holdId as TransactionId);
    for (const what of ['release', 'capture'])
      expect(await api.call(B, 'POST', `/api/points/holds/${hold}/${what}`, {})).toMatchObject({
        status: 404,
        body: { code: 'hold_not_found' },
      });
    const before = await points('platform_b', receiver);
    api.clock.advance(3 * DAY_MS);
    await ledger.sweep();
    expect(await points('platform_b', receiver)).toEqual(before);
    expect(before.held).toBe(dispute.frozen);
  });
});

describe('what is claimed', () => {
  it('is together at most what is neither reversed nor disputed', async () => {
    const { id } = await moved();
    await api.call(A, 'POST', '/api/points/reverse', {
      transaction_id: formatId('txn', id),
      amount: 30,
      reason: 'part',
    });
    await opened(id, { amount: 4_000n });
    expect(await claim(id, { amount: 3_001n })).toMatchObject({
      ok: false,
      problem: { code: 'dispute_exceeds_rest', extra: { disputable: 30 } },
    });
    expect(await opened(id)).toMatchObject({ amount: 3_000n });
    expect(await claim(id)).toMatchObject({
      ok: false,
      problem: { code: 'dispute_exceeds_rest', extra: { disputable: 0 } },
    });
    expect((await disputes.listFrozen()).find(({ transactionId }) => transactionId === id)).toEqual(
      { transactionId: id, amount: 7_000n },
    );
  });

  it('is so also when many claim at once', async () => {
    const { id } = await moved();
    const made = await Promise.all(Array.from({ length: 12 }, () => claim(id, { amount: 2_000n })));
    expect(made.filter(({ ok }) => ok)).toHaveLength(5);
  });

  it('is opened once for one key, however often and however much at once it is asked for', async () => {
    const { id } = await moved();
    const made = await Promise.all(
      Array.from({ length: 6 }, () => claim(id, { key: 'same', amount: 1_000n })),
    );
    const ids = made.map((one) => (one.ok ? one.value.dispute.disputeId : one.problem.code));
    expect(new Set(ids).size).toBe(1);
    expect(await claim(id, { key: 'same', amount: 1_001n })).toMatchObject({
      ok: false,
      problem: { code: 'idempotency_key_reused' },
    });
  });

  it('is nothing of a transaction that is reversed, or that concerns one platform alone', async () => {
    const { id } = await moved();
    await api.call(A, 'POST', '/api/points/reverse', {
      transaction_id: formatId('txn', id),
      reason: 'all',
    });
    expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'already_reversed' } });
    const user = await api.user(A);
    const earned = await api.call(A, 'POST', '/api/points/earn', { user_id: user, amount: 5 });
    expect(
      await claim(parseId('txn', String(earned.body['transaction_id'])) as TransactionId),
    ).toMatchObject({ ok: false, problem: { code: 'not_disputable' } });
  });
});

describe('upheld', () => {
  it('as accepted: all goes back out of what was frozen, in one commit', async () => {
    const { id, giver, receiver } = await moved();
    const before = await positions();
    const dispute = await opened(id);
    const accepted = await disputes.respond(publicId(dispute), B, 'accept', 'Sorry');
    expect(accepted).toMatchObject({
      ok: true,
      value: {
        state: 'upheld',
        outcome: 'upheld',
        resolution: { kind: 'reversal', amount: 10_000n },
      },
    });
    expect(await points('platform_a', giver)).toMatchObject({
      balance: 10_000n,
      available: 10_000n,
    });
    expect(await points('platform_b', receiver)).toEqual({
      balance: 0n,
      available: 0n,
      held: 0n,
      debt: 0n,
    });
    const hold = await ledger.findHold(dispute.holdId as TransactionId);
    const resolutionId = accepted.ok ? accepted.value.resolutionId : null;
    expect(hold).toMatchObject({
      state: 'captured',
      captured: dispute.frozen,
      resolvedBy: resolutionId,
    });
    expect((await positions())['platform_a']).toBeGreaterThan(before['platform_a'] ?? 0n);
    expect((await disputes.listFrozen()).map(({ transactionId }) => transactionId)).not.toContain(
      id,
    );
  });

  it('in part, after the receiver spent some: frozen points first, the rest by the policy of the platform', async () => {
    const { id, giver, receiver } = await moved();
    expect(await spend(receiver, 80)).toBe(200);
    const dispute = await underReview(id);
    const decided = await disputes.decide(publicId(dispute), decision());
    expect(decided).toMatchObject({ ok: true, value: { state: 'upheld' } });
    expect(dispute.frozen).toBeLessThan(dispute.credited);
    expect(await points('platform_b', receiver)).toMatchObject({
      available: 0n,
      held: 0n,
      debt: dispute.credited - (dispute.frozen ?? 0n),
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
  });

  it('of a part: what is frozen beyond it is free again', async () => {
    const { id, giver, receiver } = await moved();
    const whole = (await points('platform_b', receiver)).balance;
    const dispute = await underReview(id);
    expect(await disputes.decide(publicId(dispute), decision({ amount: 2_500n }))).toMatchObject({
      ok: true,
      value: { state: 'upheld', resolution: { kind: 'reversal', amount: 2_500n } },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 2_500n });
    // The receiver's part is rounded down.
    const given = whole - (whole * 7_500n) / 10_000n;
    expect(await points('platform_b', receiver)).toEqual({
      balance: whole - given,
      available: whole - given,
      held: 0n,
      debt: 0n,
    });
  });

  it('within one platform, where it speaks for both members', async () => {
    const { id, giver, receiver } = await moved('platform_a');
    const dispute = await opened(id, { openedBy: 'member' });
    expect(dispute).toMatchObject({ claimantSide: 'source', frozen: 10_000n });
    expect(await disputes.respond(publicId(dispute), A, 'accept', 'He agrees')).toMatchObject({
      ok: true,
      value: { state: 'upheld' },
    });
    expect([await points('platform_a', giver), await points('platform_a', receiver)]).toMatchObject(
      [{ balance: 10_000n }, { balance: 0n, held: 0n }],
    );
  });

  it('at a platform that takes nothing back that is spent: the shortfall is its own', async () => {
    const { id, giver, receiver } = await moved();
    expect(await spend(receiver, 80)).toBe(200);
    const assetId = ledger.pointsOf(B)?.assetId ?? 0;
    await ledger.setClawback(assetId, 'refuse');
    const dispute = await opened(id);
    const accepted = await disputes.respond(publicId(dispute), B, 'accept', 'Sorry');
    await ledger.setClawback(assetId, 'debt');
    expect(accepted).toMatchObject({ ok: true, value: { state: 'upheld' } });
    expect([await points('platform_a', giver), await points('platform_b', receiver)]).toMatchObject(
      [{ balance: 10_000n }, { balance: 0n, debt: 0n }],
    );
  });

  it.each(['target', 'source'] as const)(
    'by adjustment that the %s platform bears: the receiver keeps what it has',
    async (borneBy) => {
      const { id, giver, receiver } = await moved();
      const [before, kept] = [await positions(), await points('platform_b', receiver)];
      const dispute = await underReview(id);
      expect(
        await disputes.decide(
          publicId(dispute),
          decision({ kind: 'adjustment', amount: 5_000n, borneBy }),
        ),
      ).toMatchObject({
        ok: true,
        value: { state: 'upheld', resolution: { kind: 'adjustment', amount: 5_000n, borneBy } },
      });
      expect(await points('platform_a', giver)).toMatchObject({ balance: 5_000n });
      expect(await points('platform_b', receiver)).toEqual(kept);
      const after = await positions();
      // Half of the value of 100 points of platform_a: 0.5 of the currency, in minor units of its
      // scale.
      const paid = (after['platform_a'] ?? 0n) - (before['platform_a'] ?? 0n);
      expect(paid > 0n).toBe(borneBy === 'target');
      expect((before['platform_b'] ?? 0n) - (after['platform_b'] ?? 0n)).toBe(paid);
      // An adjusted amount cannot be claimed a second time.
      expect(await claim(id, { amount: 5_001n })).toMatchObject({
        ok: false,
        problem: { code: 'dispute_exceeds_rest' },
      });
    },
  );

  it('by adjustments in parts, each rounded against the target, which together come to what it was due', async () => {
    // 0.11 became 0.09, for which platform_b is due 0.0010.
    const { id, giver } = await moved('platform_b', 0.11);
    const paid: bigint[] = [];
    for (const amount of [3n, 3n, 5n]) {
      const dispute = await underReview(id, { amount });
      const before = (await positions())['platform_b'] ?? 0n;
      expect(
        await disputes.decide(
          publicId(dispute),
          decision({ kind: 'adjustment', amount, borneBy: 'target' }),
        ),
      ).toMatchObject({ ok: true, value: { state: 'upheld' } });
      paid.push(before - ((await positions())['platform_b'] ?? 0n));
    }
    expect(paid).toEqual([3n, 3n, 4n]);
    expect(await points('platform_a', giver)).toMatchObject({ balance: 11n });
  });

  it('and by nothing else: while it is open the source cannot reverse across platforms, whatever part', async () => {
    const { id, giver, receiver } = await moved();
    const dispute = await opened(id, { amount: 4_000n });
    const reverse = (amount?: number): Promise<Answer> =>
      api.call(A, 'POST', '/api/points/reverse', {
        transaction_id: formatId('txn', id),
        amount,
        reason: 'by hand',
      });
    expect(await reverse()).toMatchObject({
      status: 409,
      body: {
        code: 'transaction_disputed',
        detail: expect.stringContaining('withdraw the dispute, or wait for its end'),
      },
    });
    expect(await reverse(1)).toMatchObject({ status: 409, body: { code: 'transaction_disputed' } });
    await disputes.respond(publicId(dispute), B, 'accept', 'Sorry');
    expect(await now(dispute)).toMatchObject({
      state: 'upheld',
      resolution: { kind: 'reversal', amount: 4_000n },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 4_000n });
    expect(await points('platform_b', receiver)).toMatchObject({ balance: 4_999n, held: 0n });
  });

  it('but not possible yet: the dispute says why, and an operator may choose another way', async () => {
    const { id, giver } = await moved();
    const dispute = await opened(id);
    const short: Ledger = {
      ...ledger,
      submit: (command) =>
        command.kind === 'reverse'
          ? Promise.resolve({
              ok: false,
              problem: {
                code: 'insufficient_reserve',
                status: 400,
                error: 'Insufficient platform reserve',
                detail: 'Full.',
                retryable: false,
                extra: {},
              },
            })
          : ledger.submit(command),
    };
    const stuck = createDisputes({ ...api.parts, ledger: short });
    expect(await stuck.respond(publicId(dispute), B, 'accept', 'Sorry')).toMatchObject({
      ok: true,
      value: {
        state: 'upholding',
        problem: expect.stringContaining('Insufficient platform reserve'),
      },
    });
    expect(
      await disputes.decide(publicId(dispute), decision({ outcome: 'rejected' })),
    ).toMatchObject({
      ok: false,
      problem: { code: 'wrong_dispute_state' },
    });
    expect(
      await disputes.decide(publicId(dispute), decision({ kind: 'adjustment', borneBy: 'source' })),
    ).toMatchObject({
      ok: true,
      value: {
        state: 'upheld',
        problem: null,
        resolution: { kind: 'adjustment', borneBy: 'source' },
      },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
    expect((await disputes.listSteps(dispute)).map(({ action }) => action)).toEqual([
      'open',
      'freeze',
      'accept',
      'redirect',
      'settleUpheld',
    ]);
  });
});

describe('rejected or withdrawn', () => {
  it.each(['opened', 'contested', 'under_review'] as const)(
    'withdrawn while %s: the points are free again',
    async (state) => {
      const { id, receiver } = await moved();
      const whole = await points('platform_b', receiver);
      const dispute = await opened(id);
      if (state !== 'opened') await disputes.respond(publicId(dispute), B, 'contest', 'x');
      if (state === 'under_review') await disputes.respond(publicId(dispute), A, 'rebut', 'x');
      expect((await now(dispute)).state).toBe(state);
      expect(await disputes.withdraw(publicId(dispute), A, 'found it')).toMatchObject({
        ok: true,
        value: { state: 'withdrawn', outcome: 'withdrawn', resolutionId: null },
      });
      expect(await points('platform_b', receiver)).toEqual(whole);
      expect(await disputes.withdraw(publicId(dispute), A, 'again')).toMatchObject({
        ok: false,
        problem: { code: 'wrong_dispute_state' },
      });
      expect(await opened(id)).toMatchObject({ state: 'opened' });
    },
  );

  it('rejected by an operator: the points are free again, and the trail says who, when and why', async () => {
    const { id, receiver } = await moved();
    const whole = await points('platform_b', receiver);
    const dispute = await underReview(id);
    expect(
      await disputes.decide(
        publicId(dispute),
        decision({ outcome: 'rejected', reason: 'It was hers' }),
      ),
    ).toMatchObject({ ok: true, value: { state: 'rejected' } });
    expect(await points('platform_b', receiver)).toEqual(whole);
    expect(await disputes.listSteps(dispute)).toMatchObject([
      {
        action: 'open',
        who: { actor: 'platform', id: A },
        stateBefore: null,
        stateAfter: 'opening',
        text: 'Not by me',
      },
      { action: 'freeze', who: { actor: 'ledger' }, stateAfter: 'opened' },
      {
        action: 'contest',
        who: { actor: 'platform', id: B },
        stateAfter: 'contested',
        text: 'It was hers',
      },
      {
        action: 'rebut',
        who: { actor: 'platform', id: A },
        stateAfter: 'under_review',
        text: 'It was not',
      },
      {
        action: 'reject',
        who: { actor: 'operator', id: 'olga' },
        stateAfter: 'rejecting',
        text: 'It was hers',
      },
      { action: 'settleRejected', who: { actor: 'ledger' }, stateAfter: 'rejected' },
    ]);
  });

  it('what both platforms are told names no user and is told to each once', async () => {
    const { id, giver, receiver } = await moved();
    const dispute = await underReview(id);
    await disputes.decide(publicId(dispute), decision());
    const { rows } = await database.pool.query<{
      type: string;
      platform_id: string;
      data: Record<string, unknown>;
    }>(
      `select type, platform_id, data from feed.event where data ->> 'dispute_id' = $1
          order by event_id`,
      [publicId(dispute)],
    );
    const types = [
      'dispute.opened',
      'dispute.responded',
      'dispute.responded',
      'dispute.decided',
      'dispute.resolved',
    ];
    for (const platform of [A, B])
      expect(
        rows.filter(({ platform_id }) => platform_id === platform).map(({ type }) => type),
      ).toEqual(types);
    const told = JSON.stringify(rows);
    for (const secret of [
      giver,
      receiver,
      dispute.source.memberId,
      dispute.target.memberId,
      dispute.description,
    ])
      expect(told).not.toContain(secret);
    expect(rows.at(-1)?.data).toMatchObject({
      claimant_platform: A,
      respondent_platform: B,
      outcome: 'upheld',
      resolution: 'reversal',
      amount: 100,
    });
  });
});
