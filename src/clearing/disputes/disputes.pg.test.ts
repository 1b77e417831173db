// Disputes on a real ledger: what is frozen, what every outcome comes to, deadlines at their edges, and crashes between the steps.

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, platformId, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { bucketOfTransaction, formatId, parseId, type MemberId, type TransactionId } from '../../kernel/ids.ts';
import type { Command, Ledger, Outcome } from '../../ledger/ledger.ts';
import { audit } from '../../monitor/monitor.ts';
import { createDisputes, type Disputes } from './disputes.ts';
import type { Decision, Dispute, NewDispute } from './types.ts';

const A = platformId('platform_a');
const B = platformId('platform_b');
const FAR = platformId('platform_far');
const DAY_MS = 86_400_000;

let database: TestDatabase;
let api: TestApi;
let disputes: Disputes;
let ledger: Ledger;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ({ disputes, ledger } = api.parts);
});
afterEach(async () => {
  const report = await audit(database.pool);
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

interface Moved {
  readonly id: TransactionId;
  readonly giver: string;
  readonly receiver: string;
}

/** 100 points of platform_a become 83.33 of platform_b at the receiver, or move within platform_a. */
async function moved(target = 'platform_b', amount = 100): Promise<Moved> {
  const [giver, receiver] = [await api.user(A, amount), await api.user(target)];
  const answer = await api.call(A, 'POST', '/api/points/transfer', { from_user_id: giver, to_user_id: receiver, amount, target_platform: target });
  return { giver, receiver, id: parseId('txn', String(answer.body['transaction_id'])) as TransactionId };
}

const claim = (transactionId: TransactionId, fields: Partial<NewDispute> = {}): Promise<Awaited<ReturnType<Disputes['open']>>> => disputes.open({
  transactionId, openedBy: 'platform', platformId: A, operatorId: undefined, side: undefined, reasonCode: 'unauthorised', description: 'Not by me', amount: undefined, key: randomUUID(), ...fields,
});
async function opened(transactionId: TransactionId, fields: Partial<NewDispute> = {}): Promise<Dispute> {
  const made = await claim(transactionId, fields);
  if (!made.ok) throw new Error(made.problem.code);
  return made.value.dispute;
}
const publicId = ({ disputeId }: Dispute): string => formatId('dsp', disputeId);
const now = async (dispute: Dispute): Promise<Dispute> => {
  const found = await disputes.find(publicId(dispute));
  if (!found.ok) throw new Error(found.problem.code);
  return found.value;
};
async function underReview(transactionId: TransactionId, fields: Partial<NewDispute> = {}): Promise<Dispute> {
  const dispute = await opened(transactionId, fields);
  await disputes.respond(publicId(dispute), B, 'contest', 'It was hers');
  const rebutted = await disputes.respond(publicId(dispute), A, 'rebut', 'It was not');
  if (!rebutted.ok) throw new Error(rebutted.problem.code);
  return rebutted.value;
}
const word = (fields: Partial<Decision> = {}): Decision => ({ operatorId: 'olga', outcome: 'upheld', reason: 'so it is', kind: undefined, amount: undefined, borneBy: undefined, ...fields });
async function points(platform: string, user: string): Promise<{ balance: bigint; available: bigint; held: bigint; debt: bigint }> {
  const memberId = await api.parts.identity.resolveMember(platformId(platform), user);
  const { balance, available, held, debt } = await ledger.getBalance(memberId as MemberId, platformId(platform));
  return { balance, available, held, debt };
}
/** To somebody else on the same platform; answers the status. */
const spend = async (user: string, amount: number, platform = 'platform_b'): Promise<number> => {
  const body = { from_user_id: user, to_user_id: await api.user(platform), amount, target_platform: platform };
  return (await api.call(platform, 'POST', '/api/points/transfer', body, { headers: { 'idempotency-key': randomUUID() } })).status;
};
const positions = async (): Promise<Record<string, bigint>> => {
  const { rows } = await database.pool.query<{ platform: string; sum: bigint }>(
    `select p.platform_id as platform, sum(credits_posted - debits_posted)::bigint as sum from ledger.account a join identity.platform p using (owner_id) where purpose = 'position' group by 1`,
  );
  return Object.fromEntries(rows.map(({ platform, sum }) => [platform, sum]));
};

/** Disputes as a program whose clock stands there sees them. */
const at = (atMs: number): Disputes => createDisputes({ ...api.parts, clock: { now: () => atMs } });
/** Disputes in a network in which one platform keeps its points itself. */
const withConnected = (name: string): Disputes => createDisputes({
  ...api.parts,
  ledger: {
    ...ledger,
    pointsOf: (platform) => {
      const found = ledger.pointsOf(platform);
      return found === undefined || platform !== name ? found : { ...found, custody: 'connected' };
    },
  },
});
const died = (): Promise<never> => Promise.reject(new Error('the process died'));
const elsewhere = (faulty: Ledger): Disputes => createDisputes({ ...api.parts, ledger: faulty });
const isReleased = async (dispute: Dispute): Promise<boolean> => (await ledger.findHold(dispute.holdId as TransactionId))?.state === 'released';
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
/** Later, some other process. */
const resume = async (): Promise<void> => {
  api.clock.advance(6_000);
  await disputes.follow();
};

/** The saga that belongs to what the ledger has posted, which this test does without. */
async function noteSaga({ source, target, transactionId }: Pick<Dispute, 'source' | 'target' | 'transactionId'>, sagaId: TransactionId, purpose: string, state: string, credited: bigint): Promise<void> {
  await database.pool.query(
    `insert into clearing.saga (bucket, saga_id, transaction_id, purpose, state, source_platform, target_platform, source_connected, target_connected, source_member, target_member,
                                amount, credited, next_attempt_at, deadline_at, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, false, true, $8, $9, 10000, $10, now(), now() + interval '1 day', now(), now())`,
    [bucketOfTransaction(sagaId), sagaId, transactionId, purpose, state, source.platformId, target.platformId, source.memberId, target.memberId, credited],
  );
}

/** 100 points of platform_a at a platform that keeps its points itself, as a saga posts it once the platforms have said yes; `posted` only then. */
async function movedFar(posted: boolean): Promise<Moved> {
  if (ledger.pointsOf(FAR) === undefined) await api.join('platform_far', '1.0', { url: 'https://far.test', token: 'x' });
  const [giver, receiver] = [await api.user(A, 100), await api.user('platform_far')];
  const [memberId, toMemberId] = [await api.parts.identity.resolveMember(A, giver), await api.parts.identity.resolveMember(FAR, receiver)] as [MemberId, MemberId];
  const transfer = { kind: 'transfer' as const, platformId: A, memberId, toMemberId, targetPlatformId: FAR, amount: 10_000n };
  const authorised = await ledger.submit({ ...transfer, key: randomUUID() });
  if (!authorised.ok) throw new Error(authorised.problem.code);
  const authorisedId = authorised.transaction.transactionId;
  const done = posted ? await ledger.submit({ ...transfer, key: randomUUID(), authorisedId }) : authorised;
  if (!done.ok) throw new Error(done.problem.code);
  const { source, target } = { source: { platformId: A, memberId }, target: { platformId: FAR, memberId: toMemberId } };
  await noteSaga({ source, target, transactionId: authorisedId }, authorisedId, 'transfer', posted ? 'completed' : 'adding', done.transaction.credited ?? 0n);
  return { giver, receiver, id: authorisedId };
}

describe('a freeze', () => {
  it('holds the disputed part and no more, as far as it is there', async () => {
    const { id, receiver } = await moved();
    const { balance } = await points('platform_b', receiver);
    const dispute = await opened(id, { amount: 2_500n });
    expect(dispute).toMatchObject({ state: 'opened', amount: 2_500n, credited: balance / 4n + (balance % 4n === 0n ? 0n : 1n), resolution: null });
    expect(dispute.frozen).toBe(dispute.credited);
    expect(await points('platform_b', receiver)).toEqual({ balance, available: balance - dispute.credited, held: dispute.credited, debt: 0n });
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
      const [dispute] = await Promise.all([opened(id), ...Array.from({ length: 8 }, () => spend(receiver, 15))]);
      const after = await points('platform_b', receiver);
      expect(after.held).toBe(dispute.frozen);
      expect(after.balance).toBe(after.available + after.held);
      expect(await spend(receiver, Number(after.available + 1n) / 100)).toBe(400);
    }
  });

  it('is neither released nor captured by the platform that keeps it, nor ended by time or by a rule against holds', async () => {
    const { id, receiver } = await moved();
    await api.amend((document) => ({ ...document, rules: { no_holds: { kind: 'deny', operations: ['hold'], reason: 'none' } } }));
    const dispute = await opened(id);
    await api.amend((document) => ({ ...document, rules: {} }));
    const hold = formatId('hold', dispute.holdId as TransactionId);
    for (const what of ['release', 'capture']) expect(await api.call(B, 'POST', `/api/points/holds/${hold}/${what}`, {})).toMatchObject({ status: 404, body: { code: 'hold_not_found' } });
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
    await api.call(A, 'POST', '/api/points/reverse', { transaction_id: formatId('txn', id), amount: 30, reason: 'part' });
    await opened(id, { amount: 4_000n });
    expect(await claim(id, { amount: 3_001n })).toMatchObject({ ok: false, problem: { code: 'dispute_exceeds_rest', extra: { disputable: 30 } } });
    expect(await opened(id)).toMatchObject({ amount: 3_000n });
    expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'dispute_exceeds_rest', extra: { disputable: 0 } } });
    expect((await disputes.listFrozen()).find(({ transactionId }) => transactionId === id)).toEqual({ transactionId: id, amount: 7_000n });
  });

  it('is so also when many claim at once', async () => {
    const { id } = await moved();
    const made = await Promise.all(Array.from({ length: 12 }, () => claim(id, { amount: 2_000n })));
    expect(made.filter(({ ok }) => ok)).toHaveLength(5);
  });

  it('is opened once for one key, however often and however much at once it is asked for', async () => {
    const { id } = await moved();
    const made = await Promise.all(Array.from({ length: 6 }, () => claim(id, { key: 'same', amount: 1_000n })));
    const ids = made.map((one) => (one.ok ? one.value.dispute.disputeId : one.problem.code));
    expect(new Set(ids).size).toBe(1);
    expect(await claim(id, { key: 'same', amount: 1_001n })).toMatchObject({ ok: false, problem: { code: 'idempotency_key_reused' } });
  });

  it('is nothing of a transaction that is reversed, or that concerns one platform alone', async () => {
    const { id } = await moved();
    await api.call(A, 'POST', '/api/points/reverse', { transaction_id: formatId('txn', id), reason: 'all' });
    expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'already_reversed' } });
    const user = await api.user(A);
    const earned = await api.call(A, 'POST', '/api/points/earn', { user_id: user, amount: 5 });
    expect(await claim(parseId('txn', String(earned.body['transaction_id'])) as TransactionId)).toMatchObject({ ok: false, problem: { code: 'not_disputable' } });
  });
});

describe('upheld', () => {
  it('as accepted: all goes back out of what was frozen, in one commit', async () => {
    const { id, giver, receiver } = await moved();
    const before = await positions();
    const dispute = await opened(id);
    const accepted = await disputes.respond(publicId(dispute), B, 'accept', 'Sorry');
    expect(accepted).toMatchObject({ ok: true, value: { state: 'upheld', outcome: 'upheld', resolution: { kind: 'reversal', amount: 10_000n } } });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n, available: 10_000n });
    expect(await points('platform_b', receiver)).toEqual({ balance: 0n, available: 0n, held: 0n, debt: 0n });
    const hold = await ledger.findHold(dispute.holdId as TransactionId);
    const resolutionId = accepted.ok ? accepted.value.resolutionId : null;
    expect(hold).toMatchObject({ state: 'captured', captured: dispute.frozen, resolvedBy: resolutionId });
    expect((await positions())['platform_a']).toBeGreaterThan(before['platform_a'] ?? 0n);
    expect((await disputes.listFrozen()).map(({ transactionId }) => transactionId)).not.toContain(id);
  });

  it('in part, after the receiver spent some: frozen points first, the rest by the policy of the platform', async () => {
    const { id, giver, receiver } = await moved();
    expect(await spend(receiver, 80)).toBe(200);
    const dispute = await underReview(id);
    const decided = await disputes.decide(publicId(dispute), word());
    expect(decided).toMatchObject({ ok: true, value: { state: 'upheld' } });
    expect(dispute.frozen).toBeLessThan(dispute.credited);
    expect(await points('platform_b', receiver)).toMatchObject({ available: 0n, held: 0n, debt: dispute.credited - (dispute.frozen ?? 0n) });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
  });

  it('of a part: what is frozen beyond it is free again', async () => {
    const { id, giver, receiver } = await moved();
    const whole = (await points('platform_b', receiver)).balance;
    const dispute = await underReview(id);
    expect(await disputes.decide(publicId(dispute), word({ amount: 2_500n }))).toMatchObject({ ok: true, value: { state: 'upheld', resolution: { kind: 'reversal', amount: 2_500n } } });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 2_500n });
    const given = (whole * 2_500n) / 10_000n;
    expect(await points('platform_b', receiver)).toEqual({ balance: whole - given, available: whole - given, held: 0n, debt: 0n });
  });

  it('within one platform, where it speaks for both members', async () => {
    const { id, giver, receiver } = await moved('platform_a');
    const dispute = await opened(id, { openedBy: 'member' });
    expect(dispute).toMatchObject({ claimantSide: 'source', frozen: 10_000n });
    expect(await disputes.respond(publicId(dispute), A, 'accept', 'He agrees')).toMatchObject({ ok: true, value: { state: 'upheld' } });
    expect([await points('platform_a', giver), await points('platform_a', receiver)]).toMatchObject([{ balance: 10_000n }, { balance: 0n, held: 0n }]);
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
    expect([await points('platform_a', giver), await points('platform_b', receiver)]).toMatchObject([{ balance: 10_000n }, { balance: 0n, debt: 0n }]);
  });

  it.each(['target', 'source'] as const)('by adjustment that the %s platform bears: the receiver keeps what it has', async (borneBy) => {
    const { id, giver, receiver } = await moved();
    const [before, kept] = [await positions(), await points('platform_b', receiver)];
    const dispute = await underReview(id);
    expect(await disputes.decide(publicId(dispute), word({ kind: 'adjustment', amount: 5_000n, borneBy }))).toMatchObject({
      ok: true, value: { state: 'upheld', resolution: { kind: 'adjustment', amount: 5_000n, borneBy } },
    });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 5_000n });
    expect(await points('platform_b', receiver)).toEqual(kept);
    const after = await positions();
    // Half of what 100 points of platform_a are worth: 0.5 of the currency, in minor units of its scale.
    const paid = (after['platform_a'] ?? 0n) - (before['platform_a'] ?? 0n);
    expect(paid > 0n).toBe(borneBy === 'target');
    expect((before['platform_b'] ?? 0n) - (after['platform_b'] ?? 0n)).toBe(paid);
    // What was adjusted cannot be claimed a second time.
    expect(await claim(id, { amount: 5_001n })).toMatchObject({ ok: false, problem: { code: 'dispute_exceeds_rest' } });
  });

  it('although it was reversed meanwhile: nothing is given back twice', async () => {
    const { id, giver, receiver } = await moved();
    const dispute = await opened(id);
    await api.call(A, 'POST', '/api/points/reverse', { transaction_id: formatId('txn', id), amount: 60, reason: 'by hand' });
    await disputes.respond(publicId(dispute), B, 'accept', 'Sorry');
    expect(await now(dispute)).toMatchObject({ state: 'upheld', resolution: { kind: 'reversal', amount: 4_000n } });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
    expect(await points('platform_b', receiver)).toMatchObject({ balance: 0n, held: 0n });

    const other = await moved();
    const second = await opened(other.id);
    await api.call(A, 'POST', '/api/points/reverse', { transaction_id: formatId('txn', other.id), reason: 'by hand' });
    await disputes.respond(publicId(second), B, 'accept', 'Sorry');
    expect(await now(second)).toMatchObject({ state: 'upheld', resolutionId: null });
    expect(await points('platform_b', other.receiver)).toMatchObject({ balance: 0n, held: 0n });
  });

  it('but not possible yet: the dispute says why, and an operator may choose another way', async () => {
    const { id, giver } = await moved();
    const dispute = await opened(id);
    const short: Ledger = { ...ledger, submit: (command) => (command.kind === 'reverse' ? Promise.resolve({ ok: false, problem: { code: 'insufficient_reserve', status: 400, error: 'Insufficient platform reserve', detail: 'Full.', retryable: false, extra: {} } }) : ledger.submit(command)) };
    const stuck = createDisputes({ ...api.parts, ledger: short });
    expect(await stuck.respond(publicId(dispute), B, 'accept', 'Sorry')).toMatchObject({ ok: true, value: { state: 'upholding', problem: expect.stringContaining('Insufficient platform reserve') } });
    expect(await disputes.decide(publicId(dispute), word({ outcome: 'rejected' }))).toMatchObject({ ok: false, problem: { code: 'wrong_dispute_state' } });
    expect(await disputes.decide(publicId(dispute), word({ kind: 'adjustment', borneBy: 'source' }))).toMatchObject({ ok: true, value: { state: 'upheld', problem: null, resolution: { kind: 'adjustment', borneBy: 'source' } } });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
    expect((await disputes.listSteps(dispute)).map(({ action }) => action)).toEqual(['open', 'freeze', 'accept', 'redirect', 'settleUpheld']);
  });
});

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
    expect(await disputes.decide(publicId(dispute), word())).toMatchObject({ ok: false, problem: { code: 'whole_reversal_only', detail: expect.stringContaining('adjustment') } });
    const before = await positions();
    expect(await disputes.decide(publicId(dispute), word({ kind: 'adjustment' }))).toMatchObject({ ok: true, value: { state: 'upheld' } });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 4_000n });
    expect((await positions())['platform_a']).toBeGreaterThan(before['platform_a'] ?? 0n);

    // Silence on a part: the target platform pays for it.
    const silent = await opened(id, { amount: 1_000n });
    api.clock.advance(7 * DAY_MS);
    await disputes.follow();
    expect(await now(silent)).toMatchObject({ state: 'upheld', resolution: { kind: 'adjustment', amount: 1_000n, borneBy: 'target' } });
    expect(await points('platform_a', giver)).toMatchObject({ balance: 5_000n });
  });

  it('the whole is reversed, in the ledger at once', async () => {
    const { id, giver } = await movedFar(true);
    const dispute = await opened(id);
    const accepted = await disputes.respond(publicId(dispute), FAR, 'accept', 'x');
    expect(accepted).toMatchObject({ ok: true, value: { state: 'upheld', resolution: { kind: 'reversal', amount: 10_000n } } });
    if (accepted.ok) await noteSaga(dispute, accepted.value.resolutionId as TransactionId, 'reversal', 'completed', dispute.credited);
    expect(await points('platform_a', giver)).toMatchObject({ balance: 10_000n });
    expect(await claim(id)).toMatchObject({ ok: false, problem: { code: 'already_reversed' } });
  });

  it('a giver whose points are not kept here is paid in money, and gives the points in its own books', async () => {
    const { id, giver } = await moved();
    const far = withConnected('platform_a');
    const [before, had] = [await positions(), await points('platform_a', giver)];
    const dispute = await underReview(id, { amount: 5_000n });
    expect(await far.decide(publicId(dispute), word({ kind: 'adjustment', borneBy: 'source' }))).toMatchObject({ ok: false, problem: { code: 'nothing_to_adjust' } });
    expect(await far.decide(publicId(dispute), word({ kind: 'adjustment' }))).toMatchObject({ ok: true, value: { state: 'upheld', resolution: { amount: 5_000n } } });
    expect(await points('platform_a', giver)).toEqual(had);
    expect((await positions())['platform_a']).toBeGreaterThan(before['platform_a'] ?? 0n);
  });
});

describe('rejected or withdrawn', () => {
  it.each(['opened', 'contested', 'under_review'] as const)('withdrawn while %s: the points are free again', async (state) => {
    const { id, receiver } = await moved();
    const whole = await points('platform_b', receiver);
    const dispute = await opened(id);
    if (state !== 'opened') await disputes.respond(publicId(dispute), B, 'contest', 'x');
    if (state === 'under_review') await disputes.respond(publicId(dispute), A, 'rebut', 'x');
    expect((await now(dispute)).state).toBe(state);
    expect(await disputes.withdraw(publicId(dispute), A, 'found it')).toMatchObject({ ok: true, value: { state: 'withdrawn', outcome: 'withdrawn', resolutionId: null } });
    expect(await points('platform_b', receiver)).toEqual(whole);
    expect(await disputes.withdraw(publicId(dispute), A, 'again')).toMatchObject({ ok: false, problem: { code: 'wrong_dispute_state' } });
    expect(await opened(id)).toMatchObject({ state: 'opened' });
  });

  it('rejected by an operator: the points are free again, and the trail says who, when and why', async () => {
    const { id, receiver } = await moved();
    const whole = await points('platform_b', receiver);
    const dispute = await underReview(id);
    expect(await disputes.decide(publicId(dispute), word({ outcome: 'rejected', reason: 'It was hers' }))).toMatchObject({ ok: true, value: { state: 'rejected' } });
    expect(await points('platform_b', receiver)).toEqual(whole);
    expect(await disputes.listSteps(dispute)).toMatchObject([
      { action: 'open', who: { actor: 'platform', id: A }, stateBefore: null, stateAfter: 'opening', text: 'Not by me' },
      { action: 'freeze', who: { actor: 'ledger' }, stateAfter: 'opened' },
      { action: 'contest', who: { actor: 'platform', id: B }, stateAfter: 'contested', text: 'It was hers' },
      { action: 'rebut', who: { actor: 'platform', id: A }, stateAfter: 'under_review', text: 'It was not' },
      { action: 'reject', who: { actor: 'operator', id: 'olga' }, stateAfter: 'rejecting', text: 'It was hers' },
      { action: 'settleRejected', who: { actor: 'ledger' }, stateAfter: 'rejected' },
    ]);
  });

  it('what both platforms are told names no user and is told to each once', async () => {
    const { id, giver, receiver } = await moved();
    const dispute = await underReview(id);
    await disputes.decide(publicId(dispute), word());
    const { rows } = await database.pool.query<{ type: string; platform_id: string; data: Record<string, unknown> }>(
      `select type, platform_id, data from feed.event where data ->> 'dispute_id' = $1 order by event_id`, [publicId(dispute)],
    );
    const types = ['dispute.opened', 'dispute.responded', 'dispute.responded', 'dispute.decided', 'dispute.resolved'];
    for (const platform of [A, B]) expect(rows.filter(({ platform_id }) => platform_id === platform).map(({ type }) => type)).toEqual(types);
    const told = JSON.stringify(rows);
    for (const secret of [giver, receiver, dispute.source.memberId, dispute.target.memberId, dispute.description]) expect(told).not.toContain(secret);
    expect(rows.at(-1)?.data).toMatchObject({ claimant_platform: A, respondent_platform: B, outcome: 'upheld', resolution: 'reversal', amount: 100 });
  });
});

describe('deadlines', () => {
  it('a transaction can be disputed until just before its deadline', async () => {
    const { id } = await moved();
    const [leg] = await ledger.findTransaction(id);
    const edge = (leg?.postedAtMs ?? 0) + 60 * DAY_MS;
    const wanted: NewDispute = { transactionId: id, openedBy: 'platform', platformId: A, operatorId: undefined, side: undefined, reasonCode: 'other', description: 'x', amount: 100n, key: randomUUID() };
    expect(await at(edge).open(wanted)).toMatchObject({ ok: false, problem: { code: 'dispute_too_late' } });
    expect(await at(edge - 1).open(wanted)).toMatchObject({ ok: true });
    // What was opened in time is answered again also later.
    expect(await at(edge).open(wanted)).toMatchObject({ ok: true, value: { replayed: true } });
  });

  it('silence decides at the due date, an answer counts until just before', async () => {
    const [first, second] = [await moved(), await moved()];
    const [silent, answered] = [await opened(first.id), await opened(second.id)];
    const dueAtMs = silent.dueAtMs ?? 0;
    expect(dueAtMs - silent.changedAtMs).toBe(7 * DAY_MS);
    await at(dueAtMs - 1).follow();
    expect((await now(silent)).state).toBe('opened');
    expect(await at((answered.dueAtMs ?? 0) - 1).respond(publicId(answered), B, 'contest', 'x')).toMatchObject({ ok: true });
    expect(await at(dueAtMs).respond(publicId(silent), B, 'contest', 'late')).toMatchObject({ ok: false, problem: { code: 'answer_too_late' } });
    await at(dueAtMs).follow();
    expect(await now(silent)).toMatchObject({ state: 'upheld' });
    expect(await points('platform_a', first.giver)).toMatchObject({ balance: 10_000n });
    const due = (await now(answered)).dueAtMs ?? 0;
    expect(await at(due).respond(publicId(answered), A, 'rebut', 'late')).toMatchObject({ ok: false, problem: { code: 'answer_too_late' } });
    await at(due).follow();
    expect(await now(answered)).toMatchObject({ state: 'rejected' });
  });

  it('an operator that is late is reminded once, and can still decide', async () => {
    const { id } = await moved();
    const dispute = await underReview(id);
    const due = dispute.dueAtMs ?? 0;
    expect(due - dispute.changedAtMs).toBe(14 * DAY_MS);
    for (const atMs of [due - 1, due, due + DAY_MS]) await at(atMs).follow();
    expect(await now(dispute)).toMatchObject({ state: 'under_review', overdueAtMs: due, dueAtMs: due });
    const { rows } = await database.pool.query(`select 1 from feed.event where type = 'dispute.overdue' and data ->> 'dispute_id' = $1`, [publicId(dispute)]);
    expect(rows).toHaveLength(2);
    expect(await disputes.decide(publicId(dispute), word({ outcome: 'rejected' }))).toMatchObject({ ok: true, value: { state: 'rejected' } });
  });

  it('are those of the rulebook in force', async () => {
    await api.amend((document) => ({ ...document, settings: { ...document.settings, dispute_open_days: 1, dispute_answer_days: 2 } }));
    const { id } = await moved();
    const dispute = await opened(id);
    expect((dispute.dueAtMs ?? 0) - dispute.changedAtMs).toBe(2 * DAY_MS);
    const later = createDisputes({ ...api.parts, clock: { now: () => dispute.openedAtMs + DAY_MS } });
    expect(await later.open({ transactionId: id, openedBy: 'platform', platformId: A, operatorId: undefined, side: undefined, reasonCode: 'other', description: 'x', amount: 100n, key: 'z' })).toMatchObject({ ok: false, problem: { code: 'dispute_too_late' } });
    await api.amend((document) => ({ ...document, settings: { ...document.settings, dispute_open_days: 60, dispute_answer_days: 7 } }));
  });
});

describe('a process that dies', () => {
  it.each([['before its points are frozen', 1, NEVER], ['after', NEVER, 1]])('while opening, %s, leaves what the loop finishes', async (_when, before, after) => {
    const { id, receiver } = await moved();
    const whole = await points('platform_b', receiver);
    const wanted: NewDispute = { transactionId: id, openedBy: 'platform', platformId: A, operatorId: undefined, side: undefined, reasonCode: 'other', description: 'x', amount: undefined, key: randomUUID() };
    await expect(elsewhere(dying(before, after)).open(wanted)).rejects.toThrow('died');
    expect((await disputes.list({ transactionId: id, limit: 9 })).map(({ state }) => state)).toEqual(['opening']);
    expect((await disputes.listFrozen()).map(({ transactionId }) => transactionId)).toContain(id);
    await resume();
    expect(await disputes.open(wanted)).toMatchObject({ ok: true, value: { replayed: true, dispute: { state: 'opened', frozen: whole.balance } } });
    expect(await points('platform_b', receiver)).toMatchObject({ held: whole.balance, available: 0n });
  });

  const outcomes = [
    ['reversal', 2, word()],
    ['adjustment', 3, word({ kind: 'adjustment' })],
    ['rejection', 2, word({ outcome: 'rejected' })],
  ] as const;
  const deaths = outcomes.flatMap(([name, submits, decision]) => Array.from({ length: submits - 1 }, (_, index) => index + 1)
    .flatMap((nth) => [[name, `before step ${nth}`, nth, NEVER, decision] as const, [name, `after step ${nth}`, NEVER, nth, decision] as const]));
  it.each(deaths)('while carrying out a %s, %s, leaves what the loop finishes once', async (name, _when, before, after, decision) => {
    const { id, giver, receiver } = await moved();
    const whole = await points('platform_b', receiver);
    const dispute = await underReview(id);
    await elsewhere(dying(before, after)).decide(publicId(dispute), decision);
    const between = await now(dispute);
    expect(between.state).toBe(name === 'rejection' ? 'rejecting' : 'upholding');
    // Nothing that is frozen can be spent in between.
    const { held, balance } = await points('platform_b', receiver);
    if (balance > 0n && !(await isReleased(dispute))) expect(held).toBe(whole.balance);
    await resume();
    await resume();
    expect(await now(dispute)).toMatchObject({ state: name === 'rejection' ? 'rejected' : 'upheld' });
    expect((await points('platform_a', giver)).balance).toBe(name === 'rejection' ? 0n : 10_000n);
    expect(await points('platform_b', receiver)).toMatchObject(name === 'reversal' ? { balance: 0n, held: 0n } : { ...whole });
    expect((await disputes.listSteps(dispute)).filter(({ action }) => action.startsWith('settle'))).toHaveLength(1);
  });

  it('and others that finish the same at the same time settle it once', async () => {
    const { id, giver } = await moved();
    const dispute = await underReview(id);
    await elsewhere(dying(1, NEVER)).decide(publicId(dispute), word());
    api.clock.advance(6_000);
    await Promise.all(Array.from({ length: 5 }, () => createDisputes(api.parts).follow()));
    expect(await now(dispute)).toMatchObject({ state: 'upheld' });
    expect((await points('platform_a', giver)).balance).toBe(10_000n);
    expect((await disputes.listSteps(dispute)).filter(({ action }) => action === 'settleUpheld')).toHaveLength(1);
  });
});
