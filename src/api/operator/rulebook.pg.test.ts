// Tests change control over HTTP: faults are reported with their place, and an approved change is
// in force at the next request.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { activateDue } from '../../network/network.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { Proposals } from '../../valuation/valuation.ts';
import { createServer } from '../server.ts';

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

const get = (path: string): Promise<Answer> => api.operate(maker, 'GET', `/operator/${path}`);
const validate = (change: object): Promise<Answer> =>
  api.operate(maker, 'POST', '/operator/rulebook/validate', change);
const propose = (patch: object, more: object = {}): Promise<Answer> =>
  api.operate(maker, 'POST', '/operator/proposals', { reason: 'test', patch, ...more });
const decide = (id: unknown, what: string, token = checker, body: object = {}): Promise<Answer> =>
  api.operate(token, 'POST', `/operator/proposals/${String(id)}/${what}`, body);
const deny = (when: string): object => ({
  patch: { rules: { some: { kind: 'deny', reason: 'No.', when } } },
});

describe('a fault is told with its place', () => {
  it.each([
    ['an expression that does not end', deny('amount > '), 'rules/some/when', 9, 9],
    ['an unknown variable', deny('hour < 6 && colour == "red"'), 'rules/some/when', 12, 18],
    ['a wrong type', deny('operation == "transfer" && amount > "100"'), 'rules/some/when', 27, 41],
    ['an expression that gives no bool', deny('amount'), 'rules/some/when', undefined, undefined],
    ['a function that is left out', deny('source.matches("^a")'), 'rules/some/when', 0, 20],
    [
      'the multiplier "0"',
      { patch: { platforms: { platform_a: { multiplier: '0' } } } },
      'platforms/platform_a/multiplier',
      undefined,
      undefined,
    ],
    [
      'a multiplier that is a float',
      { patch: { platforms: { platform_a: { multiplier: 1.2 } } } },
      'platforms/platform_a/multiplier',
      undefined,
      undefined,
    ],
    [
      'a fee above all',
      { patch: { rules: { some: { kind: 'fee', fee: { rate: '1.01', on: 'source' } } } } },
      'rules/some/fee/rate',
      undefined,
      undefined,
    ],
    [
      'an unknown time zone',
      { patch: { settings: { time_zone: 'Mars/Olympus' } } },
      'settings/time_zone',
      undefined,
      undefined,
    ],
    [
      'points of the whole network',
      {
        patch: {
          rules: {
            some: {
              kind: 'limit',
              limit: { maximum: '1', measure: 'points', per: 'day', of: 'network' },
            },
          },
        },
      },
      'rules/some/limit/measure',
      undefined,
      undefined,
    ],
    [
      'from after until',
      {
        patch: {
          rules: {
            some: {
              kind: 'deny',
              reason: 'No.',
              from: '2026-02-01T00:00:00Z',
              until: '2026-01-01T00:00:00Z',
            },
          },
        },
      },
      'rules/some/until',
      undefined,
      undefined,
    ],
    [
      'a day that is in no calendar',
      { patch: { rules: { some: { kind: 'deny', reason: 'No.', from: '2026-02-30T00:00:00Z' } } } },
      'rules/some/from',
      undefined,
      undefined,
    ],
    [
      'a kind that does not exist',
      { patch: { rules: { some: { kind: 'tax' } } } },
      'rules/some/kind',
      undefined,
      undefined,
    ],
    ['a section that does not exist', { patch: { rulez: {} } }, 'rulez', undefined, undefined],
    [
      'a section named __proto__',
      { patch: JSON.parse('{"__proto__":{"rules":{}}}') as object },
      '__proto__',
      undefined,
      undefined,
    ],
    ['a section taken out', { patch: { rules: null } }, 'rules', undefined, undefined],
    [
      'a document that lacks a section',
      { document: { values: { base_value: '0.01' } } },
      'settings',
      undefined,
      undefined,
    ],
  ] as [string, object, string, number | undefined, number | undefined][])(
    '%s',
    async (_what, change, place, start, end) => {
      const answer = await validate(change);
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_rulebook' } });
      const [fault] = answer.body['faults'] as unknown as {
        place: string;
        message: string;
        expression?: string;
        start?: number;
        end?: number;
      }[];
      expect(fault).toMatchObject({ place, message: expect.any(String) });
      expect([fault?.start, fault?.end]).toEqual([start, end]);
      expect(fault?.expression !== undefined).toBe(place.endsWith('/when'));
      expect(answer.body['detail']).toContain(place);
    },
  );

  it('and all of them at once', async () => {
    const { body } = await validate({
      patch: {
        rules: {
          r1: { kind: 'deny', reason: 'No.', when: 'x' },
          r2: { kind: 'deny', reason: 'No.', when: 'y' },
        },
        settings: { time_zone: 'Nowhere' },
      },
    });
    expect((body['faults'] as unknown as { place: string }[]).map(({ place }) => place)).toEqual([
      'settings/time_zone',
      'rules/r1/when',
      'rules/r2/when',
    ]);
  });

  it.each([[{}], [{ document: {}, patch: {} }]])(
    '%j has not exactly one of document and patch',
    async (body) => {
      expect(await validate(body)).toMatchObject({ status: 400, body: { code: 'invalid_field' } });
    },
  );
});

describe('a change', () => {
  it('is shown before it is proposed, and changes nothing', async () => {
    expect(
      await validate({ patch: { platforms: { platform_b: { multiplier: '1.3' } } } }),
    ).toMatchObject({
      status: 200,
      body: {
        valid: true,
        lines: ['platforms/platform_b multiplier: 1.2 → 1.3'],
        changes: [
          {
            item: 'platforms/platform_b',
            before: { multiplier: '1.2' },
            after: { multiplier: '1.3' },
          },
        ],
      },
    });
    expect((await get('proposals')).body['proposals']).toEqual([]);
    expect(await validate({ document: (await get('rulebook')).body['document'] })).toMatchObject({
      status: 200,
      body: { valid: true, changes: [], lines: [] },
    });
  });

  it('that is approved is in force at the next request, and leaves its traces', async () => {
    const before = (await get('rulebook')).body;
    const made = await propose(
      {
        platforms: { platform_b: { multiplier: '1.3' } },
        rules: { fee: { kind: 'fee', fee: { rate: '0.01', on: 'source' } } },
      },
      { reason: 'as agreed in May' },
    );
    const id = made.body['proposal_id'];
    expect(made).toMatchObject({
      status: 200,
      body: {
        state: 'open',
        made_by: 'maker',
        reason: 'as agreed in May',
        items: ['platforms/platform_b', 'rules/fee'],
        urgent: false,
        version: null,
        lines: [
          'platforms/platform_b multiplier: 1.2 → 1.3',
          '+ rules/fee {kind: fee, fee: {rate: 0.01, on: source}}',
        ],
      },
    });
    expect(await get(`proposals/${String(id)}`)).toMatchObject({
      status: 200,
      body: { state: 'open', obstacle: null },
    });
    expect((await get('proposals?state=open')).body['proposals']).toMatchObject([
      { proposal_id: id },
    ]);
    expect(await decide(id, 'approve', checker, { reason: 'fine' })).toMatchObject({
      status: 200,
      body: {
        state: 'approved',
        decided_by: 'checker',
        decision_reason: 'fine',
        version: Number(before['version']) + 1,
        in_force: true,
      },
    });

    const after = (await get('rulebook')).body;
    expect(after).toMatchObject({
      version: Number(before['version']) + 1,
      state: 'in_force',
      author: 'maker',
      proposal_id: id,
      document: { platforms: { platform_b: { multiplier: '1.3' } } },
    });
    expect((await api.call('platform_a', 'GET', '/api/rates')).body['rates']).toMatchObject([
      { platform_id: 'platform_b', multiplier: '1.3', rate: '0.76923076' },
      { platform_id: 'platform_c' },
    ]);
    expect(await get(`rulebook?version=${String(before['version'])}`)).toMatchObject({
      status: 200,
      body: { state: 'past', document: before['document'] },
    });
    expect(
      (await get(`rulebook/diff?from=${String(before['version'])}&to=${String(after['version'])}`))
        .body['lines'],
    ).toEqual(made.body['lines']);
    expect((await get('events')).body['events']).toMatchObject([
      ...Array.from({ length: 6 }, () => ({})),
      { type: 'proposal.made', data: { proposal_id: id, made_by: 'maker' } },
      { type: 'rulebook.scheduled', data: { version: after['version'] } },
      {
        type: 'proposal.approved',
        data: { proposal_id: id, decided_by: 'checker', version: after['version'] },
      },
      { type: 'rulebook.effective', data: { version: after['version'] } },
    ]);
  });

  it('with notice is scheduled: it is among the versions, and what it is going to change is shown', async () => {
    const inForce = Number((await get('rulebook')).body['version']);
    const from = new Date(api.clock.now() + 3_600_000).toISOString();
    const { body } = await propose({ settings: { quote_seconds: 90 } }, { effective_at: from });
    await decide(body['proposal_id'], 'approve');
    expect((await get('rulebook')).body['version']).toBe(inForce);
    expect(await get(`rulebook?version=${inForce + 1}`)).toMatchObject({
      body: { state: 'scheduled', effective_at: from, activated_at: null },
    });
    expect((await get('rulebook/diff')).body).toMatchObject({
      from: inForce,
      to: inForce + 1,
      lines: ['settings quote_seconds: 60 → 90'],
    });
    expect((await get('rulebook/history?limit=2')).body).toMatchObject({
      versions: [
        { version: inForce + 1, state: 'scheduled' },
        { version: inForce, state: 'in_force' },
      ],
      next_before: inForce,
    });
    const rest = (await get(`rulebook/history?before=${inForce}`)).body;
    expect(rest).toMatchObject({ next_before: null });
    expect((rest['versions'] as unknown as { state: string }[]).map(({ state }) => state)).toEqual(
      Array.from({ length: inForce - 1 }, () => 'past'),
    );
    api.clock.advance(3_600_000);
    await activateDue(api.parts);
    expect((await get('rulebook')).body['version']).toBe(inForce + 1);
  });

  it('can be rejected, and taken back by its maker', async () => {
    const { body: one } = await propose({ settings: { quote_seconds: 91 } });
    expect(
      await decide(one['proposal_id'], 'reject', checker, { reason: 'too long' }),
    ).toMatchObject({
      status: 200,
      body: { state: 'rejected', decision_reason: 'too long', version: null },
    });
    const { body: other } = await propose({ settings: { quote_seconds: 92 } });
    expect(await decide(other['proposal_id'], 'withdraw', maker)).toMatchObject({
      status: 200,
      body: { state: 'withdrawn', decided_by: 'maker' },
    });
    expect((await get('proposals?state=rejected')).body['proposals']).toMatchObject([
      { proposal_id: one['proposal_id'] },
    ]);
  });

  it('that no longer fits says what stands in its way', async () => {
    const [one, other] = [
      (await propose({ settings: { quote_seconds: 93 } })).body,
      (await propose({ settings: { quote_seconds: 94 } })).body,
    ];
    await decide(one['proposal_id'], 'approve');
    expect(await get(`proposals/${String(other['proposal_id'])}`)).toMatchObject({
      body: { obstacle: { code: 'proposal_conflict' } },
    });
    expect(await decide(other['proposal_id'], 'approve')).toMatchObject({
      status: 409,
      body: { code: 'proposal_conflict', items: ['settings'] },
    });
  });

  it('under which a circle gains is refused with the circle', async () => {
    expect(
      await propose({
        rules: {
          generous: {
            kind: 'rate',
            factor: '1.1',
            when: "source == 'platform_a' && target == 'platform_c'",
          },
        },
      }),
    ).toMatchObject({
      status: 409,
      body: { code: 'arbitrage', path: expect.arrayContaining(['platform_a', 'platform_c']) },
    });
  });
});

it.each([
  ['an id that is none', 'proposals/none', 404, 'proposal_not_found'],
  ['a version that is none', 'rulebook?version=0', 400, 'invalid_field'],
  ['a version beyond all', 'rulebook?version=2147483648', 400, 'invalid_field'],
  ['a state that is none', 'proposals?state=lost', 400, 'invalid_field'],
  ['an unknown version', 'rulebook/diff?from=9999', 404, 'version_not_found'],
])('%s is refused', async (_what, path, status, code) => {
  expect(await get(path)).toMatchObject({ status, body: { code } });
});

it('a time that does not exist is refused', async () => {
  expect(
    await propose({ settings: { quote_seconds: 95 } }, { effective_at: '2026-02-30T00:00:00Z' }),
  ).toMatchObject({ status: 400, body: { code: 'invalid_field', field: 'effective_at' } });
});

it('events are read on by cursor', async () => {
  const { body } = await get('events?limit=2');
  expect(body).toMatchObject({ events: [{ event_id: 1 }, { event_id: 2 }], next_after: 2 });
  expect((await get('events?after=2&limit=1')).body).toMatchObject({
    events: [{ event_id: 3 }],
    next_after: 3,
  });
  expect((await get('events?after=1000000')).body).toEqual({ events: [], next_after: 1_000_000 });
});

it('a platform sees the worth of its points and its rates to the others that are active', async () => {
  await api.parts.identity.setPlatformState(
    api.parts.identity.findPlatform('platform_b')!.platformId,
    'suspended',
  );
  expect(await api.call('platform_c', 'GET', '/api/rates')).toMatchObject({
    status: 200,
    body: {
      currency: 'CNY',
      base_value: '0.01',
      platform_id: 'platform_c',
      multiplier: '0.8',
      point_value: '0.008',
      rates: [{ platform_id: 'platform_a', multiplier: '1.0', rate: '0.8' }],
      categories: expect.arrayContaining([{ category: 'gaming', multiplier: '1.5' }]),
    },
  });
  await api.parts.identity.setPlatformState(
    api.parts.identity.findPlatform('platform_b')!.platformId,
    'active',
  );
});

it('a check is given up once the operator who asked for it has left', async () => {
  const told = Promise.withResolvers<AbortSignal>();
  const check: Proposals['check'] = (_change, signal) => {
    told.resolve(signal!);
    return new Promise((_resolve, reject) =>
      signal!.addEventListener('abort', () => reject(signal!.reason as Error)),
    );
  };
  const { valuation } = api.parts;
  const server = await createServer({
    ...api.parts,
    metrics: createMetrics({ processMetrics: false }),
    valuation: { ...valuation, proposals: { ...valuation.proposals, check } },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const leaving = new AbortController();
  const asked = fetch(`${url}/operator/rulebook/validate`, {
    method: 'POST',
    body: '{"patch": {}}',
    signal: leaving.signal,
    headers: {
      authorization: `Bearer ${await api.operator('leaver')}`,
      'content-type': 'application/json',
    },
  });
  const signal = await told.promise;
  expect(signal.aborted).toBe(false);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  if (!signal.aborted) await new Promise((aborted) => signal.addEventListener('abort', aborted));
  await server.close();
});
