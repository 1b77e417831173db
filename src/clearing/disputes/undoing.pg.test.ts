// Two ways to undo one transaction: a dispute over it, and a reversal by its platform. Neither
// takes what the other has.

import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../../test/fixtures/api.ts';
import {
  A,
  setUpDisputes,
  publicId,
  decision,
  type Moved,
} from '../../../test/fixtures/disputes.ts';
import { formatId, parseId, type MemberId, type TransactionId } from '../../kernel/ids.ts';
import { audit } from '../../monitor/monitor.ts';
import { createDisputes, type Disputes } from './create-disputes.ts';
import type { Dispute } from './types.ts';

const { database, api, disputes, opened, claim, now, points, spend } = await setUpDisputes();
afterEach(async () => {
  await api.parts.ledger.setClawback(api.parts.ledger.pointsOf(A)?.assetId ?? 0, 'debt');
});

/** 100 points within platform_a, to a receiver who has 50 already. */
async function sent(): Promise<Moved> {
  const [giver, receiver] = [await api.user(A, 100), await api.user(A, 50)];
  const answer = await api.call(A, 'POST', '/api/points/transfer', {
    from_user_id: giver,
    to_user_id: receiver,
    amount: 100,
    target_platform: A,
  });
  return {
    giver,
    receiver,
    id: parseId('txn', String(answer.body['transaction_id'])) as TransactionId,
  };
}
const reverse = (id: TransactionId, amount?: number, key: string = randomUUID()): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/reverse',
    { transaction_id: formatId('txn', id), amount, reason: 'refund' },
    { headers: { 'idempotency-key': key } },
  );
const eventsOf = async (dispute: Dispute): Promise<unknown[]> => {
  const { rows } = await database.pool.query<{ type: string; state: string; reversed: string }>(
    `select type, data ->> 'state' as state, data ->> 'reversed_amount' as reversed from feed.event
        where data ->> 'dispute_id' = $1 order by event_id`,
    [publicId(dispute)],
  );
  return rows.map(({ type, state, reversed }) => `${type} ${state} ${reversed}`);
};

describe.each(['debt', 'available', 'refuse'] as const)(
  'within one platform, under %s, a disputed transfer',
  (clawback) => {
    const under = (): Promise<void> =>
      api.parts.ledger.setClawback(api.parts.ledger.pointsOf(A)?.assetId ?? 0, clawback);

    it('that is reversed whole: what is frozen goes, the freeze and the dispute end, and the receiver keeps its own', async () => {
      await under();
      const { id, giver, receiver } = await sent();
      const dispute = await opened(id);
      expect(dispute.frozen).toBe(10_000n);
      expect(await reverse(id)).toMatchObject({ status: 200 });
      expect(await points(A, receiver)).toEqual({
        balance: 5_000n,
        available: 5_000n,
        held: 0n,
        debt: 0n,
      });
      expect(await points(A, giver)).toMatchObject({ balance: 10_000n });
      expect(await now(dispute)).toMatchObject({
        state: 'reversed',
        outcome: 'reversed',
        reversed: 10_000n,
        frozen: 0n,
        resolutionId: null,
      });
      expect(await eventsOf(dispute)).toEqual([
        'dispute.opened opened 0',
        'dispute.decided reversing 100',
        'dispute.resolved reversed 100',
      ]);
      expect(await disputes.listFrozen()).not.toContainEqual(
        expect.objectContaining({ transactionId: id }),
      );
      expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'already_reversed' } });
    });

    it('of which a part is reversed: the rest stays frozen and disputed, and no more than that is settled', async () => {
      await under();
      const { id, giver, receiver } = await sent();
      const dispute = await opened(id);
      expect(await reverse(id, 30)).toMatchObject({ status: 200 });
      expect(await points(A, receiver)).toEqual({
        balance: 12_000n,
        available: 5_000n,
        held: 7_000n,
        debt: 0n,
      });
      expect(await now(dispute)).toMatchObject({
        state: 'opened',
        amount: 10_000n,
        reversed: 3_000n,
        credited: 7_000n,
        frozen: 7_000n,
        dueAtMs: dispute.dueAtMs,
      });
      expect(await eventsOf(dispute)).toEqual([
        'dispute.opened opened 0',
        'dispute.reduced opened 30',
      ]);
      expect(await claim(id, { amount: 1n })).toMatchObject({
        ok: false,
        problem: { code: 'dispute_exceeds_rest' },
      });
      expect(await disputes.respond(publicId(dispute), A, 'accept', 'yes')).toMatchObject({
        ok: true,
        value: { state: 'upheld', resolution: { kind: 'reversal', amount: 7_000n } },
      });
      expect([await points(A, giver), await points(A, receiver)]).toMatchObject([
        { balance: 10_000n },
        { balance: 5_000n, held: 0n, debt: 0n },
      ]);
    });

    it('of which a part is disputed: a reversal of as much or more settles it, and leaves the rest of the points alone', async () => {
      await under();
      const { id, receiver } = await sent();
      const dispute = await opened(id, { amount: 4_000n });
      expect(await reverse(id, 60)).toMatchObject({ status: 200 });
      expect(await points(A, receiver)).toEqual({
        balance: 9_000n,
        available: 9_000n,
        held: 0n,
        debt: 0n,
      });
      expect(await now(dispute)).toMatchObject({ state: 'reversed', reversed: 4_000n });
      expect(await opened(id)).toMatchObject({ state: 'opened', amount: 4_000n, frozen: 4_000n });
    });

    it('with two disputes: a reversal takes from one after the other, each to its end', async () => {
      await under();
      const { id, receiver } = await sent();
      const [first, second] = [
        await opened(id, { amount: 3_000n }),
        await opened(id, { amount: 5_000n }),
      ];
      await reverse(id, 50);
      const states = [await now(first), await now(second)];
      expect(states.map(({ reversed }) => reversed).reduce((sum, one) => sum + one)).toBe(5_000n);
      expect(states.map(({ frozen }) => frozen ?? 0n).reduce((sum, one) => sum + one)).toBe(3_000n);
      expect(await points(A, receiver)).toEqual({
        balance: 10_000n,
        available: 7_000n,
        held: 3_000n,
        debt: 0n,
      });
      // The settlement of one dispute is no reversal that costs the other its claim.
      const open = states.find(({ state }) => state === 'opened') as Dispute;
      await disputes.respond(publicId(open), A, 'accept', 'yes');
      expect(await points(A, receiver)).toMatchObject({ held: 0n, debt: 0n });
      await disputes.follow();
      expect((await now(open)).state).toBe('upheld');
    });
  },
);

async function decided(id: TransactionId, amount: bigint): Promise<Dispute> {
  const dispute = await opened(id, { amount });
  for (const answer of ['contest', 'rebut'] as const) {
    await disputes.respond(publicId(dispute), A, answer, 'x');
  }
  return dispute;
}
const adjusted = (dispute: Dispute): ReturnType<Disputes['decide']> =>
  disputes.decide(publicId(dispute), decision({ kind: 'adjustment', borneBy: 'source' }));

describe('within one platform', () => {
  it('a reversal and the end of the dispute at once: nothing is given back twice', async () => {
    for (const end of ['accept', 'withdraw'] as const) {
      const { id, giver, receiver } = await sent();
      const dispute = await opened(id);
      const ending =
        end === 'accept'
          ? disputes.respond(publicId(dispute), A, 'accept', 'x')
          : disputes.withdraw(publicId(dispute), A, 'x');
      const [reversed] = await Promise.all([
        reverse(id),
        ending.catch(() => undefined),
        disputes.follow(),
      ]);
      for (let round = 0; round < 3; round += 1) {
        api.clock.advance(61_000);
        await disputes.follow();
      }
      expect([200, 409]).toContain(reversed.status);
      expect(['upheld', 'withdrawn', 'reversed']).toContain((await now(dispute)).state);
      expect([await points(A, giver), await points(A, receiver)]).toMatchObject([
        { balance: 10_000n },
        { balance: 5_000n, held: 0n, debt: 0n },
      ]);
    }
  });

  it('a process that dies between the reversal and its word to the disputes: a loop lets them know', async () => {
    const { id, receiver } = await sent();
    const dispute = await opened(id);
    const leg = (await api.parts.ledger.findTransaction(id))[0];
    if (leg === undefined) throw new Error('nothing moved');
    await api.parts.ledger.submit({
      kind: 'reverse',
      platformId: A,
      memberId: leg.memberId,
      key: randomUUID(),
      transactionId: id,
      reason: 'by another program',
    });
    expect(await now(dispute)).toMatchObject({ state: 'opened' });
    await disputes.follow();
    expect(await now(dispute)).toMatchObject({ state: 'reversed', frozen: 0n });
    expect(await points(A, receiver)).toMatchObject({ balance: 5_000n, held: 0n });
    await disputes.follow();
    expect(await eventsOf(dispute)).toHaveLength(3);
  });

  it("what the receiver has spent meanwhile is the platform's clawback policy's; what was reversed before is no part of a dispute", async () => {
    const { id, receiver } = await sent();
    await reverse(id, 20);
    expect(await spend(receiver, 90, A)).toBe(200);
    const dispute = await opened(id);
    expect(dispute).toMatchObject({ amount: 8_000n, frozen: 4_000n });
    await reverse(id, 50);
    expect(await now(dispute)).toMatchObject({ state: 'opened', reversed: 5_000n, frozen: 0n });
    expect(await points(A, receiver)).toMatchObject({ balance: -1_000n, debt: 1_000n, held: 0n });
  });

  it('an upheld dispute that finds half of it reversed while it is carried out settles the other half', async () => {
    const { id, giver } = await sent();
    const dispute = await opened(id, { amount: 6_000n });
    const { ledger } = api.parts;
    let first = true;
    const slow = createDisputes({
      ...api.parts,
      ledger: {
        ...ledger,
        submit: async (command) => {
          if (command.kind === 'reverse' && first) {
            first = false;
            await reverse(id);
          }
          return ledger.submit(command);
        },
      },
    });
    await slow.respond(publicId(dispute), A, 'accept', 'x');
    for (let round = 0; round < 2; round += 1) {
      api.clock.advance(61_000);
      await disputes.follow();
    }
    expect(await now(dispute)).toMatchObject({ state: 'upheld', resolutionId: null });
    expect(await points(A, giver)).toMatchObject({ balance: 10_000n });
  });

  it('an operator decides over what is still disputed', async () => {
    const { id } = await sent();
    const dispute = await opened(id);
    await disputes.respond(publicId(dispute), A, 'contest', 'x');
    await disputes.respond(publicId(dispute), A, 'rebut', 'x');
    await reverse(id, 40);
    expect(await disputes.decide(publicId(dispute), decision({ amount: 6_001n }))).toMatchObject({
      ok: false,
      problem: { code: 'dispute_exceeds_rest' },
    });
    expect(await disputes.decide(publicId(dispute), decision({ amount: 2_500n }))).toMatchObject({
      ok: true,
      value: { state: 'upheld', resolution: { amount: 2_500n } },
    });
  });

  it('what an adjustment has settled is not given back a second time by a reversal', async () => {
    const { id, giver, receiver } = await sent();
    const first = await decided(id, 6_000n);
    const second = await decided(id, 1_000n);
    expect(await adjusted(first)).toMatchObject({ ok: true, value: { state: 'upheld' } });
    const refusal = { code: 'already_reversed', reversible: 40 };
    for (const amount of [undefined, 41]) {
      expect(await reverse(id, amount)).toMatchObject({ status: 409, body: refusal });
    }
    const key = randomUUID();
    expect(await reverse(id, 25, key)).toMatchObject({ status: 200 });
    expect(await now(second)).toMatchObject({ state: 'reversed' });
    expect(await reverse(id, 15)).toMatchObject({ status: 200 });
    expect(await reverse(id, 25, key)).toMatchObject({ status: 200 });
    expect(await reverse(id, 0.01)).toMatchObject({ status: 409, body: { reversible: 0 } });
    expect([await points(A, giver), await points(A, receiver)]).toMatchObject([
      { balance: 10_000n },
      { balance: 11_000n, held: 0n, debt: 0n },
    ]);
  });

  it('the audit sees what was given back by a reversal and by an adjustment', async () => {
    const { id } = await sent();
    const dispute = await decided(id, 6_000n);
    await adjusted(dispute);
    expect(await reverse(id, 40)).toMatchObject({ status: 200 });
    const { resolutionId } = await now(dispute);
    const more = (by: number): Promise<unknown> =>
      database.pool.query(
        'update ledger.transaction set amount = amount + $1 where transaction_id = $2',
        [by, resolutionId],
      );
    await more(1);
    const { checks } = await audit(database.pool);
    const broken = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(broken).toContain('settled_within_original');
    await more(-1);
  });

  it('an adjustment and a reversal at once give back the whole, once', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { id, giver } = await sent();
      const dispute = await decided(id, 10_000n);
      const [reversal] = await Promise.all([reverse(id), adjusted(dispute), disputes.follow()]);
      expect([200, 409]).toContain(reversal.status);
      for (let after = 0; after < 2; after += 1) {
        api.clock.advance(61_000);
        await disputes.follow();
      }
      expect(['upheld', 'reversed']).toContain((await now(dispute)).state);
      expect(await points(A, giver)).toMatchObject({ balance: 10_000n });
    }
  });

  it('many reversals and decisions at once leave connections for the ledger', async () => {
    const transfers: (Moved & { readonly dispute: Dispute })[] = [];
    for (let count = 0; count < 12; count += 1) {
      const moved = await sent();
      transfers.push({ ...moved, dispute: await decided(moved.id, 10_000n) });
    }
    const reversals = transfers.map(({ id }) => reverse(id));
    const decisions = transfers.map(({ dispute }) => adjusted(dispute).catch(() => undefined));
    const answers = await Promise.all(reversals);
    await Promise.all(decisions);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    api.clock.advance(61_000);
    await disputes.follow();
    for (const { giver } of transfers) {
      expect(await points(A, giver)).toMatchObject({ balance: 10_000n });
    }
  });

  it('a reversal that comes between the making of an adjustment and its posting makes it another one', async () => {
    const { id, giver } = await sent();
    const dispute = await decided(id, 6_000n);
    const { ledger } = api.parts;
    let reads = 0;
    const slow = createDisputes({
      ...api.parts,
      ledger: {
        ...ledger,
        getReversed: async (...about) => {
          const reversed = await ledger.getReversed(...about);
          reads += 1;
          if (reads === 1) {
            // Like a caller that looked for adjustments before there was a decision.
            const [leg] = await ledger.findTransaction(id);
            await ledger.submit({
              kind: 'reverse',
              platformId: A,
              memberId: leg?.memberId as MemberId,
              key: randomUUID(),
              transactionId: id,
              reason: 'refund',
            });
          }
          return reversed;
        },
      },
    });
    await slow.decide(publicId(dispute), decision({ kind: 'adjustment', borneBy: 'source' }));
    for (let round = 0; round < 2; round += 1) {
      api.clock.advance(61_000);
      await disputes.follow();
    }
    expect((await now(dispute)).state).toBe('upheld');
    expect(await points(A, giver)).toMatchObject({ balance: 10_000n });
  });
});
