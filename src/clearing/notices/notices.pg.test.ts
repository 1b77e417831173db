// Notices on a real network: each platform gets the events that concern it, once, with its own
// names, and nothing about another's users.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, platformId, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { formatId, type MemberId, type TransactionId } from '../../kernel/ids.ts';
import { addPlatform } from '../../network/onboarding.ts';
import { readFeedHead, selectEvents } from '../../events/events.ts';
import { createNotices, type Notices } from './create-notices.ts';

let database: TestDatabase;
let api: TestApi;
let notices: Notices;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  await api.parts.ledger.registerAsset({
    code: 'platform_k',
    kind: 'points',
    platformId: platformId('platform_k'),
    custody: 'connected',
  });
  await addPlatform(api.parts, {
    platformId: 'platform_k',
    name: 'k',
    custody: 'connected',
    multiplier: '1.0',
    reserveCapMinor: 10n ** 12n,
  });
  notices = createNotices(api.parts);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

type Told = Readonly<Record<string, unknown>> & {
  readonly to: string | null;
  readonly type: string;
};

/** The events of `work`, by platform and type. */
async function toldOf(work: () => Promise<unknown>): Promise<Told[]> {
  while (await notices.follow());
  const before = await readFeedHead(database.pool);
  await work();
  while (await notices.follow());
  return (await selectEvents(database.pool, before, 1_000)).map(
    ({ type, platformId: to, data }) => ({ to, type, ...data }),
  );
}

async function post(
  platform: string,
  path: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await api.call(platform, 'POST', `/api/points/${path}`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** The same person on two platforms, with 100 points on the first. */
async function person(
  source = 'platform_a',
  target = 'platform_b',
): Promise<{ memberId: MemberId; from: string; to: string }> {
  const [from, to] = [`s-${randomUUID()}`, `t-${randomUUID()}`];
  const linked = await api.parts.identity.linkUser(platformId(source), from);
  if (!linked.ok) throw new Error(linked.problem.detail);
  const { memberId } = linked.value;
  await api.parts.identity.linkUser(platformId(target), to, memberId);
  if (source !== 'platform_k') await post(source, 'earn', { user_id: from, amount: 100 });
  return { memberId, from, to };
}

describe('a transfer', () => {
  it('to another platform is told to both, each in its own points and with its own user', async () => {
    const { from, to } = await person();
    let id: unknown;
    const told = await toldOf(async () => {
      id = (
        await post('platform_a', 'transfer', {
          from_user_id: from,
          to_user_id: to,
          amount: 12,
          target_platform: 'platform_b',
          reference: 'order 7',
        })
      )['transaction_id'];
    });
    expect(told).toEqual([
      {
        to: 'platform_a',
        type: 'transfer.completed',
        transaction_id: id,
        direction: 'sent',
        amount: 12,
        fee: 0,
        counter_platform: 'platform_b',
        reference: 'order 7',
        user_id: from,
        from_user_id: from,
        to_user_id: to,
      },
      {
        to: 'platform_b',
        type: 'transfer.completed',
        transaction_id: id,
        direction: 'received',
        amount: 10,
        counter_platform: 'platform_a',
        user_id: to,
        to_user_id: to,
      },
    ]);
  });

  it('within a platform is told to it', async () => {
    const [from, to] = [await api.user('platform_a', 5), await api.user('platform_a')];
    const told = await toldOf(() =>
      post('platform_a', 'transfer', {
        from_user_id: from,
        to_user_id: to,
        amount: 2.5,
        target_platform: 'platform_a',
      }),
    );
    expect(told).toEqual([
      {
        to: 'platform_a',
        type: 'transfer.completed',
        transaction_id: expect.stringMatching(/^txn_/),
        direction: 'within',
        amount: 2.5,
        from_user_id: from,
        to_user_id: to,
      },
    ]);
  });

  it('that waits for a connected platform is pending for its source, and then completed or failed for both under the id it began with', async () => {
    for (const end of ['posted', 'undone'] as const) {
      const { memberId, from, to } = await person('platform_a', 'platform_k');
      const command = {
        kind: 'transfer' as const,
        platformId: platformId('platform_a'),
        targetPlatformId: platformId('platform_k'),
        memberId,
        toMemberId: memberId,
        amount: 500n,
        reference: 'r',
      };
      let authorisedId: TransactionId | undefined;
      const pending = await toldOf(async () => {
        const outcome = await api.parts.ledger.submit({ ...command, key: `authorise ${end}` });
        if (!outcome.ok) throw new Error(outcome.problem.detail);
        authorisedId = outcome.transaction.transactionId;
      });
      if (authorisedId === undefined) throw new Error('nothing was authorised');
      const id = formatId('txn', authorisedId);
      const sent = {
        to: 'platform_a',
        transaction_id: id,
        direction: 'sent',
        amount: 5,
        fee: 0,
        counter_platform: 'platform_k',
        reference: 'r',
        user_id: from,
        from_user_id: from,
        to_user_id: to,
      };
      const received = {
        to: 'platform_k',
        transaction_id: id,
        direction: 'received',
        amount: 5,
        counter_platform: 'platform_a',
        user_id: to,
        to_user_id: to,
      };
      expect(pending).toEqual([{ type: 'transfer.pending', ...sent }]);
      // Another process has not seen the authorisation.
      if (end === 'undone') notices = createNotices(api.parts);
      const ended = await toldOf(async () => {
        const outcome = await api.parts.ledger.submit(
          end === 'posted'
            ? {
                ...command,
                reference: undefined,
                key: 'post',
                authorisedId: authorisedId as TransactionId,
              }
            : {
                kind: 'release',
                platformId: platformId('platform_a'),
                memberId,
                key: 'undo',
                holdId: authorisedId as TransactionId,
                cause: 'undone',
                details: { reason: 'Unknown user' },
              },
        );
        if (!outcome.ok) throw new Error(outcome.problem.detail);
      });
      const type = end === 'posted' ? 'transfer.completed' : 'transfer.failed';
      const { reference, ...bare } = sent;
      const why = end === 'posted' ? {} : { reason: 'Unknown user' };
      expect(ended).toEqual([
        { type, ...(end === 'posted' ? bare : { ...bare, reference }), ...why },
        { type, ...received, ...why },
      ]);
    }
  });

  it('that is reversed in part and then whole is told to both', async () => {
    const { from, to } = await person();
    const id = (
      await post('platform_a', 'transfer', {
        from_user_id: from,
        to_user_id: to,
        amount: 12,
        target_platform: 'platform_b',
      })
    )['transaction_id'];
    const told = await toldOf(async () => {
      await post('platform_a', 'reverse', { transaction_id: id, amount: 6, reason: 'half' });
      await post('platform_a', 'reverse', { transaction_id: id, reason: 'rest' });
    });
    const common = {
      type: 'transaction.reversed',
      transaction_id: id,
      reversal_id: expect.stringMatching(/^txn_/),
      kind: 'transfer',
      whole: false,
    };
    const half = [
      {
        ...common,
        to: 'platform_a',
        direction: 'sent',
        amount: 6,
        counter_platform: 'platform_b',
        user_id: from,
        from_user_id: from,
        to_user_id: to,
      },
      {
        ...common,
        to: 'platform_b',
        direction: 'received',
        amount: 5,
        counter_platform: 'platform_a',
        user_id: to,
        to_user_id: to,
      },
    ];
    expect(told).toEqual([
      { ...half[0], reason: 'half' },
      half[1],
      { ...half[0], reason: 'rest' },
      half[1],
    ]);
  });
});

describe('a user of one platform', () => {
  it('whose earning is taken back, whose points expire, or whose hold ends by its timer: the platform is told', async () => {
    const user = await api.user('platform_a');
    const earned = await post('platform_a', 'earn', {
      user_id: user,
      amount: 7,
      expires_on: new Date(api.clock.now() + 86_400_000).toISOString().slice(0, 10),
    });
    const other = await post('platform_a', 'earn', { user_id: user, amount: 3 });
    const held = await post('platform_a', 'holds', {
      user_id: user,
      amount: 1,
      expires_in: 60,
      reference: 'cart',
    });
    const told = await toldOf(async () => {
      await post('platform_a', 'reverse', {
        transaction_id: other['transaction_id'],
        reason: 'returned',
      });
      api.clock.advance(3 * 86_400_000);
      while (
        (await api.parts.ledger.sweep()).released + (await api.parts.ledger.sweep()).expired >
        0
      );
    });
    expect(earned['success']).toBe(true);
    const own = { to: 'platform_a', user_id: user, transaction_id: expect.stringMatching(/^txn_/) };
    const ofUser = told.filter((event) => event['user_id'] === user);
    expect(ofUser[0]).toEqual({
      ...own,
      type: 'transaction.reversed',
      transaction_id: other['transaction_id'],
      reversal_id: expect.stringMatching(/^txn_/),
      amount: 3,
      kind: 'earn',
      whole: true,
      reason: 'returned',
    });
    expect(ofUser).toContainEqual({
      ...own,
      type: 'hold.expired',
      amount: 1,
      hold_id: held['hold_id'],
      reference: 'cart',
    });
    expect(
      ofUser
        .filter(({ type }) => type === 'points.expired')
        .reduce((sum, event) => sum + Number(event['amount']), 0),
    ).toBe(7);
  });

  it("that releases a hold hears nothing new; an operator's correction is told", async () => {
    const user = await api.user('platform_a', 5);
    const { hold_id: holdId } = await post('platform_a', 'holds', { user_id: user, amount: 1 });
    const memberId = await api.parts.identity.resolveMember(platformId('platform_a'), user);
    const told = await toldOf(async () => {
      await post('platform_a', `holds/${String(holdId)}/release`, {});
      await api.parts.ledger.submit({
        kind: 'adjust',
        platformId: platformId('platform_a'),
        memberId: memberId as MemberId,
        key: 'adjust',
        amount: -150n,
        reason: 'counted twice',
      });
    });
    expect(told).toEqual([
      {
        to: 'platform_a',
        type: 'points.adjusted',
        transaction_id: expect.stringMatching(/^txn_/),
        amount: -1.5,
        reason: 'counted twice',
        user_id: user,
      },
    ]);
  });

  it('whose transfer an operator turns down, or lets pass, or nobody looks at', async () => {
    await api.amend((document) => ({
      ...document,
      rules: { ...document.rules, look: { kind: 'review', when: 'amount >= 50', reason: 'large' } },
    }));
    const operator = await api.operator('reviewer');
    const asked = async (): Promise<{ id: string; hold: string; from: string; to: string }> => {
      const { from, to } = await person();
      const { transaction_id: id } = (
        await api.call('platform_a', 'POST', '/api/points/transfer', {
          from_user_id: from,
          to_user_id: to,
          amount: 60,
          target_platform: 'platform_b',
        })
      ).body;
      return { id: String(id), hold: String(id).replace('txn_', 'hold_'), from, to };
    };
    const [turnedDown, passed, forgotten] = [await asked(), await asked(), await asked()];
    const told = await toldOf(async () => {
      expect(
        (
          await api.operate(operator, 'POST', `/operator/reviews/${turnedDown.hold}/reject`, {
            reason: 'no',
          })
        ).status,
      ).toBe(200);
      expect(
        (
          await api.operate(operator, 'POST', `/operator/reviews/${passed.hold}/approve`, {
            reason: 'yes',
          })
        ).status,
      ).toBe(200);
      api.clock.advance(8 * 86_400_000);
      while ((await api.parts.ledger.sweep()).released > 0);
    });
    const rejected = { to: 'platform_a', type: 'transfer.rejected', amount: 60 };
    const ofUsers = told.filter(({ type }) => type.startsWith('transfer.'));
    expect(ofUsers).toHaveLength(4);
    expect(ofUsers).toContainEqual({
      ...rejected,
      transaction_id: turnedDown.id,
      reason: 'no',
      user_id: turnedDown.from,
      from_user_id: turnedDown.from,
      to_user_id: turnedDown.to,
    });
    expect(ofUsers).toContainEqual({
      ...rejected,
      transaction_id: forgotten.id,
      reason: expect.stringContaining('in time'),
      user_id: forgotten.from,
      from_user_id: forgotten.from,
      to_user_id: forgotten.to,
    });
    expect(ofUsers).toContainEqual({
      to: 'platform_a',
      type: 'transfer.completed',
      transaction_id: expect.stringMatching(/^txn_/),
      direction: 'sent',
      amount: 60,
      fee: 0,
      counter_platform: 'platform_b',
      reviewed_transaction_id: passed.id,
      user_id: passed.from,
      from_user_id: passed.from,
      to_user_id: passed.to,
    });
    expect(ofUsers).toContainEqual({
      to: 'platform_b',
      type: 'transfer.completed',
      transaction_id: expect.stringMatching(/^txn_/),
      direction: 'received',
      amount: 50,
      counter_platform: 'platform_a',
      user_id: passed.to,
      to_user_id: passed.to,
    });
  });
});

it('several processes at once tell each row once, and of other platforms only the user that was named, and of nobody the member', async () => {
  const people = await Promise.all(Array.from({ length: 60 }, () => person()));
  const others = Array.from({ length: 4 }, () => createNotices(api.parts));
  const told = await toldOf(async () => {
    const posting = people.map(({ from, to }) =>
      post('platform_a', 'transfer', {
        from_user_id: from,
        to_user_id: to,
        amount: 12,
        target_platform: 'platform_b',
      }),
    );
    const following = others.map(async (one) => {
      for (let time = 0; time < 10; time += 1) await one.follow();
    });
    await Promise.all([...posting, ...following]);
  });
  expect(told.map((event) => `${event.to} ${String(event['user_id'])}`).sort()).toEqual(
    people.flatMap(({ from, to }) => [`platform_a ${from}`, `platform_b ${to}`]).sort(),
  );
  const { rows } = await database.pool.query<{ platform_id: string; data: string }>(
    `select platform_id, data::text as data from feed.event
        where type not like 'rulebook.%' and type not like 'proposal.%'`,
  );
  expect(rows.length).toBeGreaterThan(120);
  expect(rows.filter(({ data }) => people.some(({ memberId }) => data.includes(memberId)))).toEqual(
    [],
  );
  expect(
    rows.filter(({ platform_id: of, data }) =>
      (of === 'platform_a' ? /"t-/ : /"s-/).test(
        of === 'platform_a' ? data.replace(/"to_user_id": "t-/, '') : data,
      ),
    ),
  ).toEqual([]);
});
