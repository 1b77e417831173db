// Tests links of members: a platform cannot link its user to a member by any id; two operators can,
// with a whole list or nothing.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestApi,
  platformId,
  type Answer,
  type TestApi,
} from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { deriveMemberId, type MemberId } from '../../kernel/ids.ts';
import { createIdentity } from '../../identity/identity.ts';
import { createSealer } from '../../security/security.ts';

const [A, B] = ['platform_a', 'platform_b'] as const;

let database: TestDatabase;
let api: TestApi;
let maker: string;
let checker: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  maker = await api.operator('maker');
  checker = await api.operator('checker');
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

interface WantedLink {
  readonly platform_id: string;
  readonly platform_user_id: string;
  readonly member_id: string;
}

const register = (platform: string, user: string, more: object = {}): Promise<Answer> =>
  api.call(platform, 'POST', '/api/users', { platform_user_id: user, ...more });
const memberOf = async (platform: string, user: string): Promise<string> =>
  String((await register(platform, user)).body['member_id']);
const unheard = (): string => `u-${randomUUID()}`;
const ask = (links: readonly WantedLink[], token = maker): Promise<Answer> =>
  api.operate(token, 'POST', '/operator/member-links', { links, reason: 'showed both cards' });
const approve = (asked: Answer, token = checker): Promise<Answer> =>
  api.operate(token, 'POST', `/operator/requests/${String(asked.body['request_id'])}/approve`, {});
const link = (platform: string, user: string, member: string): WantedLink => ({
  platform_id: platform,
  platform_user_id: user,
  member_id: member,
});

describe('a platform that names a member', () => {
  it('gets one answer, whoever the member is or is not, and nothing is linked, tagged or made', async () => {
    const victim = unheard();
    const member = await memberOf(A, victim);
    const mine = unheard();
    await register(B, mine, { tags: ['kept'] });
    const claims = [
      member,
      deriveMemberId(platformId(A), unheard()),
      randomUUID(),
      await memberOf(B, unheard()),
      'no-uuid',
      member.toUpperCase(),
    ];
    const answers: unknown[] = [];
    for (const user of [unheard(), mine]) {
      for (const claimed of claims) {
        const { status, body } = await register(B, user, { member_id: claimed, tags: ['vip'] });
        answers.push({ status, ...body, request_id: undefined });
      }
    }
    expect(answers[0]).toMatchObject({ status: 409, code: 'link_conflict' });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await api.parts.identity.listLinks(member as MemberId)).toHaveLength(1);
    expect((await api.call(B, 'GET', `/api/users/${mine}`)).body).toMatchObject({ tags: ['kept'] });
    const { rowCount } = await database.pool.query(
      'select from identity.member where member_id::text = any($1)',
      [claims.slice(1, 3)],
    );
    expect(rowCount).toBe(0);
  });

  it('may repeat the link that is there', async () => {
    const user = unheard();
    const member = await memberOf(A, user);
    expect(await register(A, user, { member_id: member, tags: ['vip'] })).toMatchObject({
      status: 200,
      body: { member_id: member, created: false },
    });
    expect((await api.call(A, 'GET', `/api/users/${user}`)).body).toMatchObject({ tags: ['vip'] });
  });
});

describe('two operators', () => {
  it('make users of several platforms one person: one asks, another approves, and it is kept who and why', async () => {
    const [here, there] = [unheard(), unheard()];
    const member = await memberOf(A, here);
    const asked = await ask([link(B, there, member), link('platform_c', there, member)]);
    expect(asked).toMatchObject({
      status: 202,
      body: { state: 'open', made_by: 'maker', reason: 'showed both cards' },
    });
    expect(String(asked.body['words'])).toContain(`${there} of ${B} to ${member}`);
    expect((await api.call(B, 'GET', `/api/users/${there}`)).status).toBe(404);
    expect(await approve(asked, maker)).toMatchObject({ status: 403 });
    expect(await approve(asked)).toMatchObject({
      status: 200,
      body: { state: 'done', outcome: { linked: '2' } },
    });
    expect(await register(B, there)).toMatchObject({
      status: 200,
      body: { member_id: member, created: false },
    });
    const found = await api.operate(
      maker,
      'GET',
      `/operator/members?platform_id=${B}&platform_user_id=${there}`,
    );
    const word = {
      made_by: 'maker',
      approved_by: 'checker',
      reason: 'showed both cards',
      request_id: asked.body['request_id'],
    };
    expect(found).toMatchObject({
      status: 200,
      body: {
        member_id: member,
        links: [
          { platform_id: A, platform_user_id: here, made_by: null, reason: null },
          { platform_id: B, platform_user_id: there, ...word },
          { platform_id: 'platform_c', ...word },
        ],
      },
    });
    expect(await api.operate(maker, 'GET', `/operator/members/${member}`)).toMatchObject({
      status: 200,
      body: found.body,
    });
    expect(
      await api.call(A, 'POST', '/operator/member-links', {
        links: [link(B, unheard(), member)],
        reason: 'x',
      }),
    ).toMatchObject({ status: 401 });
  });

  it('link all of a list or none, and are told which cannot be', async () => {
    const [first, second] = [await memberOf(A, unheard()), await memberOf(A, unheard())];
    const taken = unheard();
    await register(B, taken);
    const fresh = unheard();
    const refusals: [string, readonly WantedLink[]][] = [
      ['user_already_linked', [link(B, taken, first)]],
      ['member_not_found', [link(B, unheard(), deriveMemberId(platformId(A), 'nobody'))]],
      ['platform_not_found', [link('platform_z', unheard(), first)]],
      ['invalid_user_id', [link(B, '\u200B', first)]],
      ['user_already_linked', [link(B, fresh, first), link(B, fresh, second)]],
      ['member_already_linked', [link(B, fresh, first), link(B, unheard(), first)]],
      ['member_already_linked', [link(A, fresh, first)]],
    ];
    for (const [code, links] of refusals) {
      const refused = await ask([link(B, unheard(), second), ...links]);
      expect([code, refused.body['code'], refused.body['index']]).toEqual([
        code,
        code,
        links.length,
      ]);
    }
    const turned = await ask([link('platform_z', '\u202Eann', first)]);
    expect(turned.body['detail']).toContain('of "{U+202E}ann" on platform_z');
    expect(
      (await api.parts.identity.listLinks(second as MemberId)).map((one) => one.platformId),
    ).toEqual([A]);
  });

  it('link nobody of a list of which a platform has linked one meanwhile', async () => {
    const [one, two] = [await memberOf(A, unheard()), await memberOf(A, unheard())];
    const [free, raced] = [unheard(), unheard()];
    const asked = await ask([link(B, free, one), link(B, raced, two)]);
    await register(B, raced);
    expect(await approve(asked)).toMatchObject({
      status: 409,
      body: { code: 'user_already_linked', index: 1 },
    });
    expect((await api.call(B, 'GET', `/api/users/${free}`)).status).toBe(404);
  });

  it('and a platform that links the same user at the same moment leave one link, and the record of it is true', async () => {
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        const member = await memberOf(A, unheard());
        const user = unheard();
        const asked = await ask([link(B, user, member)]);
        const [approved, registered] = await Promise.all([approve(asked), register(B, user)]);
        const owner = String((await api.call(B, 'GET', `/api/users/${user}`)).body['member_id']);
        expect(registered.body['member_id']).toBe(owner);
        expect(owner === member).toBe(approved.status === 200);
        const { rowCount } = await database.pool.query(
          'select from identity.member_link where platform_user_id = $1',
          [user],
        );
        expect(rowCount).toBe(approved.status === 200 ? 1 : 0);
      }),
    );
  });

  it('are heard by other processes', async () => {
    const elsewhere = await createIdentity({
      pool: database.pool,
      sealer: createSealer(api.masterKey),
      tokens: api.tokens,
      log: database.log,
    });
    const [here, there] = [unheard(), unheard()];
    const member = await memberOf(A, here);
    expect(await elsewhere.resolveMember(platformId(B), there)).toBeUndefined();
    await approve(await ask([link(B, there, member)]));
    expect(await elsewhere.resolveMember(platformId(B), there)).toBe(member);
    elsewhere.close();
  });
});
