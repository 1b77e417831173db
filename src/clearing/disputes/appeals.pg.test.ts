// A decision stays: a claim does not come again, except for one appeal to another operator; and no
// freeze outlasts a late side.

import { describe, expect, it } from 'vitest';
import {
  A,
  B,
  setUpDisputes,
  DAY_MS,
  publicId,
  decision,
  type Moved,
} from '../../../test/fixtures/disputes.ts';
import { audit } from '../../monitor/monitor.ts';
import type { Dispute } from './types.ts';

const test = await setUpDisputes();
const { database, api, disputes } = test;

/** 83.33 points of platform_b arrived; this part of them is free. */
const free = async ({ receiver }: Moved): Promise<bigint> =>
  (await test.points('platform_b', receiver)).available;

async function rejected(moved: Moved, amount = 10_000n): Promise<Dispute> {
  const dispute = await test.underReview(moved.id, { amount });
  const decided = await disputes.decide(publicId(dispute), decision({ outcome: 'rejected' }));
  if (!decided.ok) throw new Error(decided.problem.code);
  return decided.value;
}
async function appealed(dispute: Dispute, text = 'Look again'): Promise<Dispute> {
  const made = await disputes.appeal(publicId(dispute), A, text);
  if (!made.ok) throw new Error(made.problem.code);
  return made.value.dispute;
}
const code = (result: { ok: boolean; problem?: { code: string } }): string =>
  result.ok ? 'ok' : (result.problem?.code ?? '');

describe('a decided amount', () => {
  it('that was rejected cannot be claimed again by the same side, as a whole or in part', async () => {
    const moved = await test.moved();
    await rejected(moved);
    expect(await free(moved)).toBe(8_333n);
    for (const fields of [
      {},
      { amount: 1n },
      { reasonCode: 'fraud' as const },
      { openedBy: 'member' as const },
    ])
      expect(code(await test.claim(moved.id, fields))).toBe('dispute_decided');
    expect(
      code(
        await test.claim(moved.id, {
          platformId: undefined,
          operatorId: 'olga',
          openedBy: 'operator',
          side: 'source',
        }),
      ),
    ).toBe('dispute_decided');
    expect(await free(moved)).toBe(8_333n);
  });

  it('counts with what else is disputed: the rest can be claimed, to the last point', async () => {
    const moved = await test.moved();
    await rejected(moved, 4_000n);
    expect(await test.claim(moved.id, { amount: 6_001n })).toMatchObject({
      ok: false,
      problem: { code: 'dispute_decided', extra: { disputable: 60 } },
    });
    const rest = await test.opened(moved.id);
    expect(rest.amount).toBe(6_000n);
    // The other side has not been heard with a claim of its own.
    await disputes.withdraw(publicId(rest), A, 'x');
    const other = await test.opened(moved.id, { platformId: B, amount: 4_000n });
    expect(other.claimantSide).toBe('target');
  });

  it('is also what an operator did not uphold of a claim, and what silence rejected', async () => {
    const moved = await test.moved();
    const partly = await test.underReview(moved.id);
    expect(code(await disputes.decide(publicId(partly), decision({ amount: 2_500n })))).toBe('ok');
    expect(code(await test.claim(moved.id))).toBe('dispute_decided');
    const silent = await test.moved();
    const contested = await test.opened(silent.id);
    await disputes.respond(publicId(contested), B, 'contest', 'x');
    await test.at(Date.now() + 8 * DAY_MS).follow();
    expect((await test.now(contested)).state).toBe('rejected');
    expect(code(await test.claim(silent.id))).toBe('dispute_decided');
  });

  it('that was withdrawn can be claimed once more, and not for ever; an appeal that was withdrawn is over', async () => {
    const moved = await test.moved();
    for (const part of [10_000n, 3_000n, 7_000n])
      await disputes.withdraw(
        publicId(await test.opened(moved.id, { amount: part })),
        A,
        'a mistake',
      );
    expect(code(await test.claim(moved.id, { amount: 1n }))).toBe('dispute_decided');
    const other = await test.moved();
    await disputes.withdraw(publicId(await appealed(await rejected(other))), A, 'x');
    expect(code(await test.claim(other.id))).toBe('dispute_decided');
  });
});

describe('an appeal', () => {
  it('is made once by the claimant, freezes what is still there until a due date, and is decided by another operator', async () => {
    const moved = await test.moved();
    const first = await rejected(moved);
    expect(await test.spend(moved.receiver, 33.33)).toBe(200);
    expect(disputes.appealUntilMs(first)).toBe(first.changedAtMs + 7 * DAY_MS);
    expect(code(await disputes.appeal(publicId(first), B, 'x'))).toBe('not_your_side');
    const appeal = await appealed(first);
    expect(appeal).toMatchObject({
      appealOf: first.disputeId,
      state: 'under_review',
      amount: 10_000n,
      frozen: 5_000n,
    });
    expect(appeal.dueAtMs).toBe(appeal.changedAtMs + 14 * DAY_MS);
    expect(await free(moved)).toBe(0n);
    expect(await disputes.appeal(publicId(first), A, 'Look again')).toMatchObject({
      ok: true,
      value: { replayed: true, dispute: { disputeId: appeal.disputeId } },
    });
    expect(code(await disputes.appeal(publicId(first), A, 'Other words'))).toBe('not_appealable');
    expect(code(await test.claim(moved.id))).toBe('dispute_exceeds_rest');
    expect(code(await disputes.decide(publicId(appeal), decision({ outcome: 'rejected' })))).toBe(
      'same_operator_decided',
    );
    expect(
      await disputes.decide(
        publicId(appeal),
        decision({ operatorId: 'otto', outcome: 'rejected' }),
      ),
    ).toMatchObject({ ok: true, value: { state: 'rejected' } });
    expect(await free(moved)).toBe(5_000n);
    expect(code(await disputes.appeal(publicId(appeal), A, 'And again'))).toBe('not_appealable');
    expect(code(await disputes.appeal(publicId(first), A, 'And again'))).toBe('not_appealable');
    expect(code(await test.claim(moved.id))).toBe('dispute_decided');
  });

  it('over a part only, because the rest was claimed otherwise: the rest stays decided', async () => {
    const moved = await test.moved();
    const first = await rejected(moved);
    const other = await test.opened(moved.id, { platformId: B, amount: 6_000n });
    const appeal = await appealed(first);
    expect(appeal.amount).toBe(4_000n);
    await disputes.decide(publicId(appeal), decision({ operatorId: 'otto', outcome: 'rejected' }));
    await disputes.withdraw(publicId(other), B, 'x');
    expect(code(await test.claim(moved.id, { amount: 1n }))).toBe('dispute_decided');
    expect(await free(moved)).toBe(8_333n);
  });

  it('of many at once is one', async () => {
    const moved = await test.moved();
    const first = await rejected(moved);
    const made = await Promise.all(
      ['a', 'a', 'b', 'c'].map((text) => disputes.appeal(publicId(first), A, text)),
    );
    expect(new Set(made.flatMap((one) => (one.ok ? [one.value.dispute.disputeId] : []))).size).toBe(
      1,
    );
    expect(await disputes.list({ transactionId: moved.id, limit: 9 })).toHaveLength(2);
    expect(await free(moved)).toBe(0n);
  });

  it('that is upheld gives the points back, and what it does not uphold stays decided', async () => {
    const moved = await test.moved();
    const appeal = await appealed(await rejected(moved, 6_000n));
    expect(
      await disputes.decide(publicId(appeal), decision({ operatorId: 'otto', amount: 5_000n })),
    ).toMatchObject({ ok: true, value: { state: 'upheld' } });
    expect((await test.points('platform_a', moved.giver)).balance).toBe(5_000n);
    expect(await test.claim(moved.id)).toMatchObject({
      ok: true,
      value: { dispute: { amount: 4_000n } },
    });
    expect(code(await disputes.appeal(publicId(appeal), A, 'x'))).toBe('not_appealable');
  });

  it('is possible against silence and against a part, within its deadline, and not against what stands', async () => {
    const moved = await test.moved();
    const partly = await test.underReview(moved.id);
    await disputes.decide(publicId(partly), decision({ amount: 2_500n }));
    const ended = await test.now(partly);
    const until = disputes.appealUntilMs(ended) ?? 0;
    expect(code(await test.at(until).appeal(publicId(ended), A, 'x'))).toBe('appeal_too_late');
    const late = await test.at(until - 1).appeal(publicId(ended), A, 'x');
    expect(late).toMatchObject({
      ok: true,
      value: { dispute: { amount: 7_500n, state: 'under_review' } },
    });
    const whole = await test.underReview((await test.moved()).id);
    await disputes.decide(publicId(whole), decision());
    expect(disputes.appealUntilMs(await test.now(whole))).toBeUndefined();
    expect(code(await disputes.appeal(publicId(whole), A, 'x'))).toBe('not_appealable');
    const withdrawn = await test.opened((await test.moved()).id);
    await disputes.withdraw(publicId(withdrawn), A, 'x');
    expect(code(await disputes.appeal(publicId(withdrawn), A, 'x'))).toBe('not_appealable');
  });

  it('is told to platforms, with until when it was possible', async () => {
    const moved = await test.moved();
    const first = await rejected(moved);
    const shown = await api.call('platform_a', 'GET', `/api/disputes/${publicId(first)}`);
    expect(shown.body).toMatchObject({
      appeal_of: null,
      appeal_until: new Date(first.changedAtMs + 7 * DAY_MS).toISOString(),
    });
    const made = await api.call('platform_a', 'POST', `/api/disputes/${publicId(first)}/appeal`, {
      description: 'Look again',
    });
    expect(made).toMatchObject({
      status: 200,
      body: { appeal_of: publicId(first), state: 'under_review', appeal_until: null },
    });
    const { rows } = await database.pool.query(
      `select 1 from feed.event where type = 'dispute.opened' and data ->> 'appeal_of' = $1`,
      [publicId(first)],
    );
    expect(rows).toHaveLength(2);
  });
});

describe('nobody decides', () => {
  it('a dispute: its points are free from the due date on, it can still be decided, and as long again later it is rejected', async () => {
    const [moved, other] = [await test.moved(), await test.moved()];
    const [dispute, decidedLate] = [
      await test.underReview(moved.id),
      await test.underReview(other.id),
    ];
    const due = dispute.dueAtMs ?? 0;
    await test.at(due - 1).follow();
    expect(await free(moved)).toBe(0n);
    await test.at(due + 1_000).follow();
    expect(await test.now(dispute)).toMatchObject({ state: 'under_review', frozen: 0n });
    expect([await free(moved), await free(other)]).toEqual([8_333n, 8_333n]);
    expect(await disputes.decide(publicId(decidedLate), decision())).toMatchObject({
      ok: true,
      value: { state: 'upheld' },
    });
    expect((await test.points('platform_a', other.giver)).balance).toBe(10_000n);
    expect((await audit(database.pool)).checks.filter(({ ok }) => !ok)).toEqual([]);
    await test.at(due + 13 * DAY_MS).follow();
    expect((await test.now(dispute)).state).toBe('under_review');
    await test.at(due + 15 * DAY_MS).follow();
    const ended = await test.now(dispute);
    expect(ended).toMatchObject({ state: 'rejected', outcome: 'rejected' });
    expect(code(await test.claim(moved.id))).toBe('dispute_decided');
    // A claimant that no operator has heard can appeal to any.
    const appeal = await test.at(due + 16 * DAY_MS).appeal(publicId(ended), A, 'x');
    expect(appeal).toMatchObject({
      ok: true,
      value: { dispute: { state: 'under_review', frozen: 8_333n } },
    });
  });

  it('a review: its points are free at its due date, which operators see and the rulebook sets, and its platform is told', async () => {
    await api.amend((document) => ({
      ...document,
      settings: { ...document.settings, review_days: 2 },
      rules: { large: { kind: 'review', when: 'amount > 50.0', reason: 'large' } },
    }));
    const [giver, receiver] = [await api.user('platform_a', 100), await api.user('platform_b')];
    const body = {
      from_user_id: giver,
      to_user_id: receiver,
      amount: 60,
      target_platform: 'platform_b',
    };
    const asked = await api.call('platform_a', 'POST', '/api/points/transfer', body);
    expect(asked.body).toMatchObject({ status: 'pending_review' });
    const {
      body: { reviews },
    } = await api.operate(await api.operator('olga'), 'GET', '/operator/reviews');
    const [waiting] = reviews as unknown as { asked_at: string; due_at: string }[];
    expect(Date.parse(waiting?.due_at ?? '') - Date.parse(waiting?.asked_at ?? '')).toBe(
      2 * DAY_MS,
    );
    expect((await test.points('platform_a', giver)).available).toBe(4_000n);
    api.clock.advance(2 * DAY_MS + 1_000);
    await api.parts.ledger.sweep();
    expect((await test.points('platform_a', giver)).available).toBe(10_000n);
  });
});
