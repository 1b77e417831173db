// Platforms, tokens and links on a real database, also as seen by a second process.

import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { patience } from '../../test/fixtures/patience.ts';
import { deriveMemberId, type MemberId, type PlatformId } from '../kernel/ids.ts';
import type { Result } from '../kernel/problem.ts';
import { systemClock } from '../kernel/time.ts';
import { createPlatformTokens, createSealer, signRequest } from '../security/security.ts';
import { createLinkResolver } from './link-resolver.ts';
import { createIdentity, type Identity, type OperatorToken } from './identity.ts';
import { createUserResolver } from './user-resolver.ts';

let database: TestDatabase;
let here: Identity;
/** The same network in another process. */
let there: Identity;

const masterKey = { bytes: randomBytes(32) };
const id = (text: string): PlatformId => text as PlatformId;

async function open(key = masterKey): Promise<Identity> {
  const { pool, log } = database;
  return createIdentity({
    pool,
    log,
    sealer: createSealer(key),
    tokens: createPlatformTokens(key, systemClock),
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  here = await open();
  there = await open();
  for (const platformId of ['platform_a', 'platform_b'])
    await here.addPlatform({ platformId, name: platformId, custody: 'hosted' });
});
afterAll(async () => {
  here?.close();
  there?.close();
  await database?.drop();
});

async function until(condition: () => boolean): Promise<number> {
  const start = performance.now();
  while (!condition() && performance.now() - start < patience(5_000)) await sleep(20);
  return performance.now() - start;
}

function tokenOf(result: Result<OperatorToken>): string {
  return result.ok ? result.value.token : '';
}

describe('platforms', () => {
  it('are added once and under a proper id only', async () => {
    expect(
      await here.addPlatform({ platformId: 'platform_a', name: 'again', custody: 'hosted' }),
    ).toMatchObject({ ok: false, problem: { code: 'platform_exists' } });
    expect(
      await here.addPlatform({ platformId: 'Platform A', name: 'x', custody: 'hosted' }),
    ).toMatchObject({ ok: false, problem: { code: 'invalid_platform_id' } });
    expect(await here.rotateSecret('platform_z')).toMatchObject({
      ok: false,
      problem: { code: 'platform_not_found' },
    });
    expect(await here.issueToken("'; drop")).toMatchObject({
      ok: false,
      problem: { code: 'platform_not_found' },
    });
  });

  it('keep their secret sealed', async () => {
    const secret = await here.getSecret('platform_a');
    const { rows } = await database.pool.query<{ sealed_secret: Buffer }>(
      `select sealed_secret from identity.platform where platform_id = 'platform_a'`,
    );
    expect(secret).toMatchObject({ ok: true, value: expect.stringMatching(/^sk_[\w-]{43}$/) });
    expect(secret.ok && rows[0]?.sealed_secret.includes(secret.value.slice(3))).toBe(false);
    await expect(open({ bytes: randomBytes(32) })).rejects.toThrow(/master key/);
  });

  it('rotate their secret, and other processes notice within two seconds', async () => {
    await until(() => there.findPlatform('platform_a') !== undefined);
    const rotated = await here.rotateSecret('platform_a');
    const parts = { timestamp: '1', method: 'GET', path: '/', body: undefined };
    const expected = rotated.ok ? signRequest(rotated.value, parts) : '';
    const signs = (identity: Identity): boolean =>
      signRequest(identity.findPlatform('platform_a')?.secretKey ?? '', parts) === expected;
    expect(signs(here)).toBe(true);
    expect(await until(() => signs(there))).toBeLessThan(patience(2_000));
  });

  it('are let in by a token of the generation in force, while active', async () => {
    const token = await here.issueToken('platform_b');
    const text = token.ok ? token.value : '';
    expect(await here.authenticate(text)).toMatchObject({
      ok: true,
      value: { platformId: 'platform_b' },
    });
    await there.setPlatformState('platform_b', 'suspended');
    await until(() => here.findPlatform('platform_b')?.state === 'suspended');
    expect(await here.authenticate(text)).toMatchObject({
      ok: false,
      problem: { code: 'platform_suspended' },
    });
    await here.setPlatformState('platform_b', 'active');
    expect(await here.authenticate(text)).toMatchObject({ ok: true });
    await here.revokeTokens('platform_b');
    expect(await here.authenticate(text)).toMatchObject({
      ok: false,
      problem: { code: 'token_revoked' },
    });
    const renewed = await there.issueToken('platform_b');
    expect(await here.authenticate(renewed.ok ? renewed.value : '')).toMatchObject({ ok: true });
  });
});

describe('operators', () => {
  it('are added once and under a proper id only', async () => {
    expect(await here.addOperator('o.ne-1')).toEqual({
      ok: true,
      value: { operatorId: 'o.ne-1', token: expect.stringMatching(/^op_[\w-]{43}$/) },
    });
    expect(await here.addOperator('o.ne-1')).toMatchObject({
      ok: false,
      problem: { code: 'operator_exists' },
    });
    for (const bad of ['', 'a', 'A1', '1a', 'a b', `a${'b'.repeat(40)}`, 'ann\n', "'; drop"]) {
      expect(await here.addOperator(bad)).toMatchObject({
        ok: false,
        problem: { code: 'invalid_operator_id' },
      });
      expect(await here.renewOperatorToken(bad)).toMatchObject({
        ok: false,
        problem: { code: 'operator_not_found' },
      });
    }
    expect(await here.renewOperatorToken('nobody')).toMatchObject({
      ok: false,
      problem: { code: 'operator_not_found' },
    });
    expect(await here.setOperatorState('nobody', 'active')).toMatchObject({
      ok: false,
      problem: { code: 'operator_not_found' },
    });
    const crowd = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? here : there).addOperator('crowd'),
      ),
    );
    expect(crowd.filter((result) => result.ok)).toHaveLength(1);
    expect(
      (await there.listOperators()).map(({ operatorId, state }) => [operatorId, state]),
    ).toEqual([
      ['crowd', 'active'],
      ['o.ne-1', 'active'],
    ]);
  });

  it('are known by their newest token, of which only the hash is stored', async () => {
    const first = tokenOf(await here.addOperator('renewed'));
    expect(await there.authenticateOperator(first)).toMatchObject({
      ok: true,
      value: { operatorId: 'renewed', state: 'active' },
    });
    const second = tokenOf(await there.renewOperatorToken('renewed'));
    expect(await here.authenticateOperator(first)).toMatchObject({
      ok: false,
      problem: { code: 'operator_token_invalid' },
    });
    expect(await here.authenticateOperator(second)).toMatchObject({ ok: true });
    const { rows } = await database.pool.query<{ row: string }>(
      'select o::text as row from identity.operator o',
    );
    expect(
      rows.filter(({ row }) => row.includes(first.slice(3)) || row.includes(second.slice(3))),
    ).toEqual([]);
    for (const bad of [
      second.slice(1),
      `${second}x`,
      second.toLowerCase(),
      `${second}\n`,
      'x',
      '\0',
    ]) {
      expect(await here.authenticateOperator(bad)).toMatchObject({
        ok: false,
        problem: { code: 'operator_token_invalid' },
      });
    }
    expect(await here.authenticateOperator('')).toMatchObject({
      ok: false,
      problem: { code: 'operator_token_missing' },
    });
  });

  it('are refused at once everywhere while suspended, also under a new token', async () => {
    const first = tokenOf(await here.addOperator('on-leave'));
    expect(await here.setOperatorState('on-leave', 'suspended')).toMatchObject({
      ok: true,
      value: { operatorId: 'on-leave', state: 'suspended' },
    });
    expect(await there.authenticateOperator(first)).toMatchObject({
      ok: false,
      problem: { code: 'operator_suspended' },
    });
    const second = tokenOf(await here.renewOperatorToken('on-leave'));
    expect(await there.authenticateOperator(second)).toMatchObject({
      ok: false,
      problem: { code: 'operator_suspended' },
    });
    await there.setOperatorState('on-leave', 'active');
    expect(await here.authenticateOperator(second)).toMatchObject({ ok: true });
  });
});

describe('links', () => {
  it('derive the member as the source requirement does', async () => {
    const linked = await here.linkUser(id('platform_a'), '1001');
    expect(linked).toEqual({
      ok: true,
      value: { memberId: deriveMemberId(id('platform_a'), '1001'), created: true },
    });
    expect(await there.linkUser(id('platform_a'), '1001')).toMatchObject({
      ok: true,
      value: { created: false },
    });
    expect(await there.resolveMember(id('platform_a'), '1001')).toBe(
      deriveMemberId(id('platform_a'), '1001'),
    );
    expect(there.resolveMember(id('platform_a'), '1001')).toBe(
      deriveMemberId(id('platform_a'), '1001'),
    );
  });

  it('never remember a miss', async () => {
    expect(await here.resolveMember(id('platform_a'), 'late')).toBeUndefined();
    await there.linkUser(id('platform_a'), 'late');
    expect(await here.resolveMember(id('platform_a'), 'late')).toBe(
      deriveMemberId(id('platform_a'), 'late'),
    );
  });

  it('are one for each member and platform, and permanent', async () => {
    const ann = deriveMemberId(id('platform_a'), 'ann');
    expect(await here.linkUser(id('platform_a'), 'ann')).toMatchObject({
      ok: true,
      value: { memberId: ann },
    });
    expect(await here.linkUser(id('platform_b'), 'ann-b', ann)).toMatchObject({
      ok: true,
      value: { memberId: ann, created: true },
    });
    expect(await here.linkUser(id('platform_b'), 'ann-b')).toMatchObject({
      ok: true,
      value: { memberId: ann, created: false },
    });
    expect(await here.linkUser(id('platform_b'), 'ann-b2', ann)).toMatchObject({
      ok: false,
      problem: { code: 'member_already_linked' },
    });
    expect(
      await here.linkUser(id('platform_b'), 'ann-b', deriveMemberId(id('platform_a'), '1001')),
    ).toMatchObject({ ok: false, problem: { code: 'link_conflict' } });
    expect(
      await here.linkUser(id('platform_b'), 'x', randomUUID() as string as MemberId),
    ).toMatchObject({ ok: false, problem: { code: 'member_not_found' } });
    expect(
      (await here.listLinks(ann)).map(({ platformId, platformUserId }) => [
        platformId,
        platformUserId,
      ]),
    ).toEqual([
      ['platform_a', 'ann'],
      ['platform_b', 'ann-b'],
    ]);
  });

  it('made by many at once are one', async () => {
    const results = await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        (index % 2 === 0 ? here : there).linkUser(id('platform_a'), 'crowd'),
      ),
    );
    expect(results.filter((result) => result.ok && result.value.created)).toHaveLength(1);
    expect(results.every((result) => result.ok)).toBe(true);
    const two = await Promise.all(
      ['p', 'q'].map((user) =>
        here.linkUser(id('platform_b'), user, deriveMemberId(id('platform_a'), 'crowd')),
      ),
    );
    expect(two.map((result) => (result.ok ? 'linked' : result.problem.code)).sort()).toEqual([
      'linked',
      'member_already_linked',
    ]);
  });

  it('in bulk leave alone what is there, and are found in one question', async () => {
    const users = Array.from({ length: 2_500 }, (_, index) => `bulk-${index}`);
    await here.linkUser(id('platform_a'), 'bulk-7');
    expect(await here.linkUsers(id('platform_a'), [...users, 'bulk-1'])).toBe(2_499);
    expect(await here.linkUsers(id('platform_a'), users)).toBe(0);
    const members = await Promise.all(
      users.map((user) => there.resolveMember(id('platform_a'), user)),
    );
    expect(members).toEqual(users.map((user) => deriveMemberId(id('platform_a'), user)));
  });

  it('give the user of a member, thousands in a few statements, and ask once for each', async () => {
    const platform = id('platform_a');
    const users = Array.from({ length: 2_500 }, (_, index) => `back-${index}`);
    await here.linkUsers(platform, users);
    const { pool } = database;
    let statements = 0;
    const counting = new Proxy(pool, {
      get: (target, name) =>
        name === 'query'
          ? (...args: Parameters<typeof pool.query>) => ((statements += 1), target.query(...args))
          : Reflect.get(target, name),
    });
    const resolver = createUserResolver(counting);
    const ask = (): Promise<(string | undefined)[]> =>
      Promise.all(users.map((user) => resolver.userOf(platform, deriveMemberId(platform, user))));
    expect(await ask()).toEqual(users);
    expect(await ask()).toEqual(users);
    expect(statements).toBe(3);
  });

  it('know no user where a member has none, until it has one', async () => {
    const member = deriveMemberId(id('platform_a'), 'here-only');
    await here.linkUser(id('platform_a'), 'here-only');
    expect(await there.userOf(id('platform_b'), member)).toBeUndefined();
    await here.linkUser(id('platform_b'), 'there-too', member);
    expect(await there.userOf(id('platform_b'), member)).toBe('there-too');
    expect(await there.userOf(id('platform_a'), member)).toBe('here-only');
  });
});

async function stampOf(userId: string): Promise<unknown> {
  return (
    await database.pool.query(
      'select tags_changed_at::text from identity.link where platform_user_id = $1',
      [userId],
    )
  ).rows;
}

describe('tags', () => {
  const A = id('platform_a');

  it('are stored sorted, as a whole, and for links only', async () => {
    await here.linkUser(A, 'tagged');
    expect(here.tagsOf(A, 'tagged')).toEqual([]);
    expect(await here.setTags(A, 'tagged', ['vip', 'a.b-c_1', 'gold', 'gold'])).toEqual({
      ok: true,
      value: ['a.b-c_1', 'gold', 'vip'],
    });
    expect(here.tagsOf(A, 'tagged')).toEqual(['a.b-c_1', 'gold', 'vip']);
    expect(await there.findLink(A, 'tagged')).toMatchObject({ tags: ['a.b-c_1', 'gold', 'vip'] });
    expect(await here.setTags(A, 'tagged', ['silver'])).toEqual({ ok: true, value: ['silver'] });
    expect(here.tagsOf(A, 'tagged')).toEqual(['silver']);
    expect(await here.setTags(A, 'untagged nobody', ['vip'])).toMatchObject({
      ok: false,
      problem: { code: 'user_not_found' },
    });
    await expect(here.setTags(A, 'tagged', ['VIP'])).rejects.toThrow('tags is checked before');
    await expect(
      here.setTags(
        A,
        'tagged',
        Array.from({ length: 21 }, (_, index) => `t${index}`),
      ),
    ).rejects.toThrow('tags is checked before');
  });

  it('are known once the user is resolved, and shared when there are none', async () => {
    await here.linkUser(A, 'plain');
    await here.linkUser(A, 'marked');
    await here.setTags(A, 'marked', ['vip']);
    expect(there.tagsOf(A, 'marked')).toEqual([]);
    await Promise.all([there.resolveMember(A, 'plain'), there.resolveMember(A, 'marked')]);
    expect(there.tagsOf(A, 'marked')).toEqual(['vip']);
    expect(there.tagsOf(A, 'plain')).toBe(here.tagsOf(A, 'plain'));
    expect(Object.isFrozen(there.tagsOf(A, 'plain'))).toBe(true);
  });

  it('are not lost when the link is asked for again', async () => {
    await here.linkUser(A, 'again');
    await here.setTags(A, 'again', ['vip']);
    await here.linkUser(A, 'again');
    expect(here.tagsOf(A, 'again')).toEqual(['vip']);
    await there.linkUser(A, 'again');
    await there.resolveMember(A, 'again');
    expect(there.tagsOf(A, 'again')).toEqual(['vip']);
  });

  it('set in one process show in the other by themselves, and so does their end', async () => {
    await here.linkUser(A, 'followed');
    await there.resolveMember(A, 'followed');
    for (const tags of [['vip'], ['gold', 'vip'], []]) {
      await here.setTags(A, 'followed', tags);
      await until(() => there.tagsOf(A, 'followed').length === tags.length);
      expect(there.tagsOf(A, 'followed')).toEqual(tags);
    }
  });

  it('of a process that was away show when it is back', async () => {
    await using away = await createTestDatabase();
    const mine = await createIdentity({
      pool: away.pool,
      log: away.log,
      sealer: createSealer(masterKey),
      tokens: createPlatformTokens(masterKey, systemClock),
    });
    await mine.addPlatform({ platformId: 'platform_a', name: 'a', custody: 'hosted' });
    await mine.linkUser(A, 'x');
    try {
      await away.pool.query('alter table identity.link rename to hidden');
      await sleep(2_000);
      // Older than the look-back from the current time, but not older than the look-back from the
      // last successful poll.
      await away.pool.query(
        `update identity.hidden
            set tags = '{vip}', tags_changed_at = clock_timestamp() - interval '11 seconds'`,
      );
      expect(mine.tagsOf(A, 'x')).toEqual([]);
      await away.pool.query('alter table identity.hidden rename to link');
      await until(() => mine.tagsOf(A, 'x').length === 1);
      expect(mine.tagsOf(A, 'x')).toEqual(['vip']);
    } finally {
      mine.close();
    }
  });

  it('end as the database has them when both processes set them at once', async () => {
    await here.linkUser(A, 'contested');
    await there.resolveMember(A, 'contested');
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? here : there).setTags(A, 'contested', [`t${index}`]),
      ),
    );
    await Promise.all([here.refresh(), there.refresh()]);
    const link = await here.findLink(A, 'contested');
    expect(link?.tags).toHaveLength(1);
    expect([here.tagsOf(A, 'contested'), there.tagsOf(A, 'contested')]).toEqual([
      link?.tags,
      link?.tags,
    ]);
  });

  it('that are older than those in memory are left alone', () => {
    const links = createLinkResolver(database.pool);
    const memberId = deriveMemberId(A, 'old');
    links.retag(A, 'old', { tags: ['unknown'], tagsVersion: 9 });
    expect(links.tagsOf(A, 'old')).toEqual([]);
    links.remember(A, 'old', { memberId, tags: ['new'], tagsVersion: 2 });
    links.retag(A, 'old', { tags: ['old'], tagsVersion: 1 });
    links.remember(A, 'old', { memberId, tags: ['old'], tagsVersion: 1 });
    expect(links.tagsOf(A, 'old')).toEqual(['new']);
    links.retag(A, 'old', { tags: ['newer'], tagsVersion: 3 });
    expect([links.tagsOf(A, 'old'), links.resolve(A, 'old')]).toEqual([['newer'], memberId]);
  });

  it('are listed for one platform or for all', async () => {
    await here.linkUser(id('platform_b'), 'listed');
    await here.setTags(id('platform_b'), 'listed', ['x']);
    expect(await there.listTags(id('platform_b'))).toEqual([
      {
        platformId: 'platform_b',
        memberId: deriveMemberId(id('platform_b'), 'listed'),
        tags: ['x'],
      },
    ]);
    const all = await there.listTags();
    expect(new Set(all.map(({ platformId }) => platformId))).toEqual(
      new Set(['platform_a', 'platform_b']),
    );
    expect(all.every(({ tags }) => tags.length > 0)).toBe(true);
  });

  it('set again as they are do not count as a change', async () => {
    const before = await stampOf('listed');
    await here.setTags(id('platform_b'), 'listed', ['x']);
    expect(await stampOf('listed')).toEqual(before);
    await here.setTags(id('platform_b'), 'listed', ['y']);
    expect(await stampOf('listed')).not.toEqual(before);
  });
});
