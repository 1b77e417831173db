// Disputes over time: connected platforms, deadlines at their edges, and crashes between the steps.

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { platformId } from '../../../test/fixtures/api.ts';
import {
  A,
  B,
  setUpDisputes,
  DAY_MS,
  publicId,
  decision,
  type Moved,
} from '../../../test/fixtures/disputes.ts';
import type { MemberId, TransactionId } from '../../kernel/ids.ts';
import type { Command, Ledger, Outcome } from '../../ledger/ledger.ts';
import { createDisputes, type Disputes } from './create-disputes.ts';
import type { Dispute, NewDispute } from './types.ts';

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
  positions,
  at,
} = await setUpDisputes();

const FAR = platformId('platform_far');

/** Disputes in a network with one connected platform. */
const withConnected = (name: string): Disputes =>
  createDisputes({
    ...api.parts,
    ledger: {
      ...ledger,
      pointsOf: (platform) => {
        const found = ledger.pointsOf(platform);
        return found === undefined || platform !== name
          ? found
          : { ...found, custody: 'connected' };
      },
    },
  });
const died = (): Promise<never> => Promise.reject(new Error('the process died'));
const elsewhere = (faulty: Ledger): Disputes => createDisputes({ ...api.parts, ledger: faulty });
const isReleased = async (dispute: Dispute): Promise<boolean> =>
  (await ledger.findHold(dispute.holdId as TransactionId))?.state === 'released';
/** Dies at the nth submit, before or after the ledger has it; everything after that fails too. */
const dying = (before: number, after: number): Ledger => {
  let count = 0;
  return {
    ...ledger,
    submit: async (command: Command): Promise<Outcome> => {
      count += 1;
      if (count > Math.min(before, after) || count === before) return died();
      const outcome = await ledger.submit(command);
      return count === after ? died() : outcome;
    },
  };
};
const NEVER = Number.MAX_SAFE_INTEGER;
/** Later, in another process. */
const resume = async (): Promise<void> => {
  api.clock.advance(6_000);
  await disputes.follow();
};

/**
 * 100 points of platform_a at a connected platform, as its saga posts them after both platforms
 * have answered yes; `posted` only then.
 */
async function movedFar(posted: boolean): Promise<Moved> {
  if (ledger.pointsOf(FAR) === undefined)
    await api.join('platform_far', '1.0', { url: 'https://far.test', token: 'x' });
  const [giver, receiver] = [await api.user(A, 100), await api.user('platform_far')];
  const [memberId, toMemberId] = [
    await api.parts.identity.resolveMember(A, giver),
    await api.parts.identity.resolveMember(FAR, receiver),
  ] as [MemberId, MemberId];
  const transfer = {
    kind: 'transfer' as const,
    platformId: A,
    memberId,
    toMemberId,
    targetPlatformId: FAR,
    amount: 10_000n,
  };
  const authorised = await ledger.submit({ ...transfer, key: randomUUID() });
  if (!authorised.ok) throw new Error(authorised.problem.code);
  const authorisedId = authorised.transaction.transactionId;
  const done = posted
    ? await ledger.submit({ ...transfer, key: randomUUID(), authorisedId })
    : authorised;
  if (!done.ok) throw new Error(done.problem.code);
  return { giver, receiver, id: authorisedId };
}

describe('over connected platforms', () => {
  it('what platforms are still asked about cannot be disputed', async () => {
    const { id } = await movedFar(false);
    expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'not_disputable' } });
  });

  it('a receiver whose points are not kept here has nothing frozen, and a part is settled by adjustment', async () => {
    const { id, giver } = await movedFar(true);
    const dispute = await opened(id, { amount: 4_000n });
    expect(dispute).toMatchObject({ state: 'opened', transactionId: id, holdId: null, frozen: 0n });
    expect(await disputes.listFrozen()).toContainEqual({ transactionId: id, amount: 4_000n });
    await disputes.respond(publicId(dispute), FAR, 'contest', 'x');
    await disputes.respond(publicId(dispute), A, 'rebut', 'x');
    expect(await disputes.decide(publicId(dispute), decision())).toMatchObject({
      ok: false,
      problem: { code: 'whole_reversal_only', detail: expect.stringContaining('adjustment') },
    });
    const before = await positions();
    expect(
      await disputes.decide(publicId(dispute), decision({ kind: 'adjustment' })),
    ).toMatchObject({
      ok: true,
      value: { state: 'upheld' },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 4_000n });
    expect((await positions())['platform_a']).toBeGreaterThan(before['platform_a'] ?? 0n);

    // Silence on a part: the target platform pays for it.
    const silent = await opened(id, { amount: 1_000n });
    api.clock.advance(7 * DAY_MS);
    await disputes.follow();
    expect(await now(silent)).toMatchObject({
      state: 'upheld',
      resolution: { kind: 'adjustment', amount: 1_000n, borneBy: 'target' },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 5_000n });
  });

  it('the whole is reversed, in the ledger at once', async () => {
    const { id, giver } = await movedFar(true);
    const dispute = await opened(id);
    const accepted = await disputes.respond(publicId(dispute), FAR, 'accept', 'x');
    expect(accepted).toMatchObject({
      ok: true,
      value: { state: 'upheld', resolution: { kind: 'reversal', amount: 10_000n } },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
    expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'already_reversed' } });
  });

  it('a giver whose points are not kept here is paid in money, and gives the points in its own books', async () => {
    const { id, giver } = await moved();
    const far = withConnected('platform_a');
    const [before, had] = [await positions(), await points('platform_a', giver)];
    const dispute = await underReview(id, { amount: 5_000n });
    expect(
      await far.decide(publicId(dispute), decision({ kind: 'adjustment', borneBy: 'source' })),
    ).toMatchObject({ ok: false, problem: { code: 'nothing_to_adjust' } });
    expect(await far.decide(publicId(dispute), decision({ kind: 'adjustment' }))).toMatchObject({
      ok: true,
      value: { state: 'upheld', resolution: { amount: 5_000n } },
    });
    expect(await points('platform_a', giver)).toEqual(had);
    expect((await positions())['platform_a']).toBeGreaterThan(before['platform_a'] ?? 0n);
  });
});

describe('deadlines', () => {
  it('a transaction can be disputed until just before its deadline', async () => {
    const { id } = await moved();
    const [leg] = await ledger.findTransaction(id);
    const edge = (leg?.postedAtMs ?? 0) + 60 * DAY_MS;
    const wanted: NewDispute = {
      transactionId: id,
      openedBy: 'platform',
      platformId: A,
      operatorId: undefined,
      side: undefined,
      reasonCode: 'other',
      description: 'x',
      amount: 100n,
      key: randomUUID(),
    };
    expect(await at(edge).open(wanted)).toMatchObject({
      ok: false,
      problem: { code: 'dispute_too_late' },
    });
    expect(await at(edge - 1).open(wanted)).toMatchObject({ ok: true });
    // A dispute that was opened in time gives the same answer again later.
    expect(await at(edge).open(wanted)).toMatchObject({ ok: true, value: { replayed: true } });
  });

  it('silence decides at the due date, an answer counts until just before', async () => {
    const [first, second] = [await moved(), await moved()];
    const [silent, answered] = [await opened(first.id), await opened(second.id)];
    const dueAtMs = silent.dueAtMs ?? 0;
    expect(dueAtMs - silent.changedAtMs).toBe(7 * DAY_MS);
    await at(dueAtMs - 1).follow();
    expect((await now(silent)).state).toBe('opened');
    expect(
      await at((answered.dueAtMs ?? 0) - 1).respond(publicId(answered), B, 'contest', 'x'),
    ).toMatchObject({ ok: true });
    expect(await at(dueAtMs).respond(publicId(silent), B, 'contest', 'late')).toMatchObject({
      ok: false,
      problem: { code: 'answer_too_late' },
    });
    await at(dueAtMs).follow();
    expect(await now(silent)).toMatchObject({ state: 'upheld' });
    expect(await points('platform_a', first.giver)).toMatchObject({ balance: 10_000n });
    const due = (await now(answered)).dueAtMs ?? 0;
    expect(await at(due).respond(publicId(answered), A, 'rebut', 'late')).toMatchObject({
      ok: false,
      problem: { code: 'answer_too_late' },
    });
    await at(due).follow();
    expect(await now(answered)).toMatchObject({ state: 'rejected' });
  });

  it('an operator that is late is reminded once, and can still decide', async () => {
    const { id } = await moved();
    const dispute = await underReview(id);
    const due = dispute.dueAtMs ?? 0;
    expect(due - dispute.changedAtMs).toBe(14 * DAY_MS);
    for (const atMs of [due - 1, due, due + DAY_MS]) await at(atMs).follow();
    expect(await now(dispute)).toMatchObject({
      state: 'under_review',
      overdueAtMs: due,
      dueAtMs: due,
    });
    const { rows } = await database.pool.query(
      `select 1 from feed.event where type = 'dispute.overdue' and data ->> 'dispute_id' = $1`,
      [publicId(dispute)],
    );
    expect(rows).toHaveLength(2);
    expect(
      await disputes.decide(publicId(dispute), decision({ outcome: 'rejected' })),
    ).toMatchObject({
      ok: true,
      value: { state: 'rejected' },
    });
  });

  it('are those of the rulebook in force', async () => {
    await api.amend((document) => ({
      ...document,
      settings: { ...document.settings, dispute_open_days: 1, dispute_answer_days: 2 },
    }));
    const { id } = await moved();
    const dispute = await opened(id);
    expect((dispute.dueAtMs ?? 0) - dispute.changedAtMs).toBe(2 * DAY_MS);
    const later = createDisputes({
      ...api.parts,
      clock: { now: () => dispute.openedAtMs + DAY_MS },
    });
    expect(
      await later.open({
        transactionId: id,
        openedBy: 'platform',
        platformId: A,
        operatorId: undefined,
        side: undefined,
        reasonCode: 'other',
        description: 'x',
        amount: 100n,
        key: 'z',
      }),
    ).toMatchObject({ ok: false, problem: { code: 'dispute_too_late' } });
    await api.amend((document) => ({
      ...document,
      settings: { ...document.settings, dispute_open_days: 60, dispute_answer_days: 7 },
    }));
  });
});

describe('a process that dies', () => {
  it.each([
    ['before its points are frozen', 1, NEVER],
    ['after', NEVER, 1],
  ])('while opening, %s, leaves what the loop finishes', async (_when, before, after) => {
    const { id, receiver } = await moved();
    const whole = await points('platform_b', receiver);
    const wanted: NewDispute = {
      transactionId: id,
      openedBy: 'platform',
      platformId: A,
      operatorId: undefined,
      side: undefined,
      reasonCode: 'other',
      description: 'x',
      amount: undefined,
      key: randomUUID(),
    };
    await expect(elsewhere(dying(before, after)).open(wanted)).rejects.toThrow('died');
    expect(
      (await disputes.list({ transactionId: id, limit: 9 })).map(({ state }) => state),
    ).toEqual(['opening']);
    expect((await disputes.listFrozen()).map(({ transactionId }) => transactionId)).toContain(id);
    await resume();
    expect(await disputes.open(wanted)).toMatchObject({
      ok: true,
      value: { replayed: true, dispute: { state: 'opened', frozen: whole.balance } },
    });
    expect(await points('platform_b', receiver)).toMatchObject({
      held: whole.balance,
      available: 0n,
    });
  });

  const outcomes = [
    ['reversal', 2, decision()],
    ['adjustment', 3, decision({ kind: 'adjustment' })],
    ['rejection', 2, decision({ outcome: 'rejected' })],
  ] as const;
  const deaths = outcomes.flatMap(([name, submits, chosen]) =>
    Array.from({ length: submits - 1 }, (_, index) => index + 1).flatMap((nth) => [
      [name, `before step ${nth}`, nth, NEVER, chosen] as const,
      [name, `after step ${nth}`, NEVER, nth, chosen] as const,
    ]),
  );
  it.each(deaths)(
    'while carrying out a %s, %s, leaves what the loop finishes once',
    async (name, _when, before, after, chosen) => {
      const { id, giver, receiver } = await moved();
      const whole = await points('platform_b', receiver);
      const dispute = await underReview(id);
      await elsewhere(dying(before, after)).decide(publicId(dispute), chosen);
      const between = await now(dispute);
      expect(between.state).toBe(name === 'rejection' ? 'rejecting' : 'upholding');
      // No frozen point can be spent in between.
      const { held, balance } = await points('platform_b', receiver);
      if (balance > 0n && !(await isReleased(dispute))) expect(held).toBe(whole.balance);
      await resume();
      await resume();
      expect(await now(dispute)).toMatchObject({
        state: name === 'rejection' ? 'rejected' : 'upheld',
      });
      expect((await points('platform_a', giver)).balance).toBe(name === 'rejection' ? 0n : 10_000n);
      expect(await points('platform_b', receiver)).toMatchObject(
        name === 'reversal' ? { balance: 0n, held: 0n } : { ...whole },
      );
      expect(
        (await disputes.listSteps(dispute)).filter(({ action }) => action.startsWith('settle')),
      ).toHaveLength(1);
    },
  );

  it('and others that finish the same at the same time settle it once', async () => {
    const { id, giver } = await moved();
    const dispute = await underReview(id);
    await elsewhere(dying(1, NEVER)).decide(publicId(dispute), decision());
    api.clock.advance(6_000);
    await Promise.all(Array.from({ length: 5 }, () => createDisputes(api.parts).follow()));
    expect(await now(dispute)).toMatchObject({ state: 'upheld' });
    expect((await points('platform_a', giver)).balance).toBe(10_000n);
    expect(
      (await disputes.listSteps(dispute)).filter(({ action }) => action === 'settleUpheld'),
    ).toHaveLength(1);
  });
});

const codes = (results: readonly { ok: boolean; problem?: { code: string } }[]): string[] =>
  results.map((result) => (result.ok ? 'ok' : (result.problem?.code ?? ''))).toSorted();

describe('several answers at once', () => {
  it('of a side: one counts, and the other callers are told the state', async () => {
    const dispute = publicId(await opened((await moved()).id));
    const said = await Promise.all(
      Array.from({ length: 3 }, () => disputes.respond(dispute, B, 'contest', 'It was hers')),
    );
    expect(codes(said)).toEqual(['ok', 'wrong_dispute_state', 'wrong_dispute_state']);
  });

  it('of an operator: one counts, and the other callers are told the state', async () => {
    const dispute = publicId(await underReview((await moved()).id));
    const decided = await Promise.all(
      Array.from({ length: 3 }, () => disputes.decide(dispute, decision({ outcome: 'rejected' }))),
    );
    expect(codes(decided)).toEqual(['ok', 'wrong_dispute_state', 'wrong_dispute_state']);
  });
});
