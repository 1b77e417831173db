// Tests settlement over HTTP: operators close and settle windows, and each platform reads its
// statement in three formats with the same content.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import type { StatementView } from '../../views/statement.ts';
import type { Static } from 'typebox';
import { parseId } from '../../kernel/ids.ts';

type View = Static<typeof StatementView>;

let database: TestDatabase;
let api: TestApi;
let maker: string;
let checker: string;
let ann: string;
let theirs: string;
let disputed: string;

const [A, B, C] = ['platform_a', 'platform_b', 'platform_c'];

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  [maker, checker] = [await api.operator('maker'), await api.operator('checker')];
  [ann, theirs] = [await api.user(A, 1_000), await api.user(B, 1_000)];
  const transfer = async (
    from: string,
    user: string,
    to: string,
    target: string,
    amount: number,
  ): Promise<string> =>
    fieldOf(
      await api.call(from, 'POST', '/api/points/transfer', {
        from_user_id: user,
        to_user_id: to,
        amount,
        target_platform: target,
      }),
      'transaction_id',
    );
  await transfer(A, ann, theirs, B, 120.5);
  disputed = await transfer(A, ann, theirs, B, 60);
  const undone = await transfer(B, theirs, ann, A, 33.33);
  await api.call(B, 'POST', '/api/points/reverse', {
    transaction_id: undone,
    amount: 11.11,
    reason: 'in part',
  });
  api.frozen.push({ transactionId: parseId('txn', disputed)!, amount: 1_000n });
  expect(await api.operate(maker, 'POST', '/operator/windows/1/close', {})).toMatchObject({
    status: 200,
    body: { window_id: 1, state: 'closed', closed_by: 'maker' },
  });
  await api.parts.settlement.count();
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const statement = async (platform: string, query = ''): Promise<Answer> =>
  api.call(platform, 'GET', `/api/settlements/1/statement${query}`);
const view = async (platform: string): Promise<View> =>
  (await statement(platform)).body as unknown as View;

/** Parses CSV (RFC 4180) into fields. */
function parseCsv(text: string): string[][] {
  return text
    .trimEnd()
    .split('\r\n')
    .map((line) => {
      const fields: string[] = [];
      for (let rest: string | undefined = line; rest !== undefined;) {
        const [all = '', field = '', comma]: string[] =
          /^("(?:[^"]|"")*"|[^,]*)(,?)/.exec(rest) ?? [];
        fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
        rest = comma === ',' ? rest.slice(all.length) : undefined;
      }
      return fields;
    });
}

/** Formats with four decimals, as the currency has. */
function sum(amounts: readonly number[]): number {
  return Math.round(amounts.reduce((total, amount) => total + amount, 0) * 10_000) / 10_000;
}

/** Reads a field of an answer's body. */
function fieldOf<T>(answer: Answer, name: string): T {
  return answer.body[name] as unknown as T;
}

describe('a statement', () => {
  it('tells opening, lines, net, dispute and closing, and adds up', async () => {
    const ours = await view(A);
    expect(ours).toMatchObject({
      window_id: 1,
      state: 'closed',
      platform_id: A,
      currency: 'CNY',
      opening_position: 0,
      paid_meanwhile: 0,
      payments: [],
      settled: 0,
    });
    expect(sum(ours.lines.map(({ money }) => money))).toBe(ours.net);
    expect(sum([ours.opening_position, ours.net, ours.paid_meanwhile])).toBe(ours.closing_position);
    expect(
      ours.lines.map(({ counterpart, direction, kind, transactions, points }) => [
        counterpart,
        direction,
        kind,
        transactions,
        points,
      ]),
    ).toEqual([
      [B, 'sent', 'conversion', 2, 180.5],
      [B, 'received', 'conversion', 1, expect.any(Number)],
      [B, 'received', 'reverse', 1, expect.any(Number)],
    ]);
    expect(ours.disputed).toEqual([
      {
        transaction_id: disputed,
        effect: 'left_out',
        counterpart: B,
        points_of: A,
        points: 10,
        money: 0.1,
      },
    ]);
    expect(ours.to_settle).toBe(sum([ours.net, 0.1]));
    // Sums the journal's rows independently of the module.
    const { rows } = await database.pool.query<{ net: string }>(
      `select (sum(e.amount) / 10000.0)::numeric(20, 4)::text as net from ledger.entry e
          join ledger.account a using (bucket, account_id)
         join identity.platform p on p.owner_id = a.owner_id
           where a.purpose = 'position' and e.layer = 'p' and p.platform_id = $1`,
      [A],
    );
    expect(ours.net).toBe(Number(rows[0]?.net));
  });

  it('says the same as JSON, as CSV and as a page in both languages', async () => {
    const ours = await view(A);
    const csv = await statement(A, '?format=csv');
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    const rows = parseCsv(fieldOf(csv, 'text'));
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([11]));
    const amountOf = (item: string): number =>
      Number(rows.find(([section, name]) => section === 'figures' && name === item)?.[6]);
    expect([amountOf('net'), amountOf('closing_position'), amountOf('to_settle')]).toEqual([
      ours.net,
      ours.closing_position,
      ours.to_settle,
    ]);
    expect(rows.filter(([section]) => section === 'pairs').map((row) => Number(row[6]))).toEqual(
      ours.lines.map(({ money }) => money),
    );
    expect(rows.find(([section]) => section === 'disputed')).toContain(disputed);
    for (const [language, title] of [
      ['zh', '结算对账单'],
      ['en', 'Settlement statement'],
    ] as const) {
      const page = await statement(A, `?format=html&lang=${language}`);
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-language': language,
        'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'`,
      });
      const text = fieldOf<string>(page, 'text');
      expect(text).toContain(title);
      expect(text).not.toMatch(/(src|href)=/);
      for (const money of [
        ours.net,
        ours.closing_position,
        ...ours.lines.map((line) => line.money),
      ])
        expect(text).toContain(`>${money.toFixed(4)}<`);
      expect(text).toContain(disputed);
    }
    const preferred = await api.call(
      A,
      'GET',
      '/api/settlements/1/statement?format=html',
      undefined,
      { headers: { 'accept-language': 'en-GB' } },
    );
    expect(preferred.headers).toMatchObject({ 'content-language': 'en', vary: 'accept-language' });
    expect((await api.call(A, 'GET', '/api/settlements/1')).body).toEqual(ours);
    expect(
      (await api.operate(maker, 'GET', `/operator/windows/1/statement?platform_id=${A}`)).body,
    ).toEqual(ours);
  });

  it("mirrors the other side, and is nobody else's", async () => {
    const [ours, other] = [await view(A), await view(B)];
    expect(other.lines.map(({ direction, transactions }) => [direction, transactions])).toEqual([
      ['received', 2],
      ['sent', 1],
      ['sent', 1],
    ]);
    expect(other.lines.map(({ counterpart_points: points }) => points)).toEqual(
      ours.lines.map(({ points }) => points),
    );
    expect(await view(C)).toMatchObject({
      platform_id: C,
      lines: [],
      net: 0,
      disputed: [],
      to_settle: 0,
    });
    expect((await api.call(C, 'GET', '/api/settlements')).body).toMatchObject({
      settlements: [{ window_id: 1, state: 'closed', net: 0, statement_ready: true }],
    });
    expect((await api.call(A, 'GET', '/api/settlements')).body).toMatchObject({
      settlements: [{ window_id: 1, net: ours.net, closing_position: ours.closing_position }],
    });
  });

  it('lists the transactions behind it in pages and as a table', async () => {
    const seen: { transaction_id: string; money: number }[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await api.call(
        A,
        'GET',
        `/api/settlements/1/transactions?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      expect(page.status).toBe(200);
      seen.push(...fieldOf<typeof seen>(page, 'transactions'));
      cursor = fieldOf<string | null>(page, 'next_cursor');
    }
    expect(seen).toHaveLength(4);
    const ours = await view(A);
    expect(sum(seen.map(({ money }) => money))).toBe(ours.net);
    const rows = parseCsv(
      fieldOf(await api.call(A, 'GET', '/api/settlements/1/transactions?format=csv'), 'text'),
    );
    expect(rows[0]?.[0]).toBe('transaction_id');
    expect(
      rows
        .slice(1)
        .map(([id]) => id)
        .sort(),
    ).toEqual(seen.map((row) => row.transaction_id).sort());
    expect(
      (await api.operate(maker, 'GET', `/operator/windows/1/transactions?platform_id=${C}`)).body,
    ).toEqual({ transactions: [], next_cursor: null });
  });
});

describe('an operator', () => {
  it('proposes, another approves, and the platforms are told', async () => {
    const bank = { from: 'outside', bank_reference: '=HYPERLINK("x"),"quoted"' };
    expect(await api.operate(maker, 'POST', '/operator/windows/1/settle', bank)).toMatchObject({
      status: 200,
      body: { state: 'proposed', proposed_by: 'maker' },
    });
    expect(await api.operate(checker, 'POST', '/operator/windows/1/withdraw', {})).toMatchObject({
      status: 200,
      body: { state: 'closed', obligations: [] },
    });
    await api.operate(maker, 'POST', '/operator/windows/1/settle', bank);
    const settled = await api.operate(checker, 'POST', '/operator/windows/1/approve', {});
    expect(settled).toMatchObject({
      status: 200,
      body: {
        state: 'settled',
        approved_by: 'checker',
        disputed: [{ transaction_id: disputed, effect: 'left_out' }],
      },
    });
    const ours = await view(A);
    expect(ours).toMatchObject({
      state: 'settled',
      settled: ours.to_settle,
      outstanding: 0,
      payments: [
        {
          basis: 'net',
          amount: ours.to_settle,
          state: 'paid',
          bank_reference: bank.bank_reference,
        },
      ],
    });
    const rows = parseCsv(fieldOf(await statement(A, '?format=csv'), 'text'));
    expect(rows.find(([section]) => section === 'payments')?.at(-1)).toBe(
      `'${bank.bank_reference}`,
    );
    const { events } = (await api.call(A, 'GET', '/api/events')).body as unknown as {
      events: { type: string; data: object }[];
    };
    expect(
      events
        .filter(({ type }) => /^(window|statement)\./.test(type))
        .map(({ type, data }) => [type, data]),
    ).toEqual([
      ['window.closed', { window_id: 1, net: ours.net, currency: 'CNY' }],
      ['statement.ready', { window_id: 1, statement: '/api/settlements/1/statement' }],
      ['window.settled', { window_id: 1 }],
    ]);
  });

  it('prints on a settled statement when it was paid, and never that there is something to pay', async () => {
    for (const [language, paid, pay] of [
      ['en', 'Paid on ', /You pay|You are paid/],
      ['zh', '已于 ', /贵平台应付|贵平台应收/],
    ] as const) {
      for (const platform of [A, B]) {
        const text = fieldOf<string>(
          await statement(platform, `?format=html&lang=${language}`),
          'text',
        );
        expect(text).toContain(paid);
        expect(text).not.toMatch(pay);
      }
    }
    expect(await view(A)).toMatchObject({ outstanding: 0, paid_on: expect.any(String) });
    expect(
      parseCsv(fieldOf(await statement(A, '?format=csv'), 'text')).some(
        ([section, item]) => section === 'statement' && item === 'paid_on',
      ),
    ).toBe(true);
  });

  it('leaves out who cannot pay, with another operator, and sees a changed proposal in its own state', async () => {
    // platform_a owes and has prefunded nothing.
    await api.call(A, 'POST', '/api/points/transfer', {
      from_user_id: ann,
      to_user_id: theirs,
      amount: 50,
      target_platform: B,
    });
    const step = (token: string, what: string, body: object = {}): Promise<Answer> =>
      api.operate(token, 'POST', `/operator/windows/2/${what}`, body);
    await step(maker, 'close');
    await api.parts.settlement.count();
    await step(maker, 'settle');
    expect(await step(checker, 'approve')).toMatchObject({
      status: 200,
      body: { state: 'settling', change_proposed_by: null },
    });
    await step(maker, 'settle', {
      payments: [{ participant: A, from: 'outside', bank_reference: 'HSBC-2' }],
    });
    expect((await api.operate(maker, 'GET', '/operator/windows/2')).body).toMatchObject({
      state: 'settling',
      change_proposed_by: 'maker',
      obligations: [
        {
          participant: A,
          state: 'proposed',
          approved_by: null,
          problem: null,
          bank_reference: 'HSBC-2',
        },
        {},
        {},
      ],
    });
    const page = async (): Promise<string> =>
      fieldOf<string>(
        await api.call(A, 'GET', '/api/settlements/2/statement?format=html&lang=en'),
        'text',
      );
    expect(await page()).toContain('A change of the payment waits for approval');
    expect(await step(maker, 'leave-out', { platform_id: A, reason: 'short' })).toMatchObject({
      status: 409,
      body: { code: 'settlement_state' },
    });
    await database.pool.query(
      `update clearing.obligation set state = 'approved', approved_by = 'checker',
          paid_from = 'prefund', bank_reference = null where window_id = 2 and state = 'proposed'`,
    );
    const proposed = await step(maker, 'leave-out', { platform_id: A, reason: 'short' });
    expect(proposed).toMatchObject({
      status: 200,
      body: {
        kind: 'leave_out',
        participants: [A],
        state: 'open',
        proposed_by: 'maker',
        decided_by: null,
      },
    });
    const act = `acts/${fieldOf<string>(proposed, 'act_id')}`;
    expect(await step(maker, `${act}/approve`)).toMatchObject({
      status: 403,
      body: { code: 'settlement_same_operator' },
    });
    expect(await step(checker, `${act}/approve`)).toMatchObject({
      status: 200,
      body: { state: 'approved', decided_by: 'checker' },
    });
    expect((await api.operate(maker, 'GET', '/operator/windows/2')).body).toMatchObject({
      state: 'settled',
      obligations: [],
      acts: [{ state: 'approved' }],
      carried_over: [
        { participant: '@network' },
        { participant: A, left_out: A, to_window_id: 3, amount: -0.5 },
        { participant: B },
      ],
    });
    expect((await api.call(A, 'GET', '/api/settlements/2')).body).toMatchObject({
      to_settle: 0,
      carried_over: [{ effect: 'went_over', window_id: 3, left_out: A, money: 0.5 }],
    });
    expect(await page()).toMatch(/Nothing to pay[^]*Carried over to a later window/);
    expect(
      await api.call(A, 'POST', '/api/points/transfer', {
        from_user_id: ann,
        to_user_id: theirs,
        amount: 1,
        target_platform: B,
      }),
    ).toMatchObject({ status: 409, body: { code: 'platform_not_sending' } });
    const { events } = (await api.call(B, 'GET', '/api/events?limit=1000')).body as unknown as {
      events: { type: string; data: object }[];
    };
    expect(events.find(({ type }) => type === 'window.carried_over')?.data).toEqual({
      window_id: 2,
      to_window_id: 3,
      left_out: A,
      amount: 0.4999,
      currency: 'CNY',
    });
  });

  it('sees all windows and their figures', async () => {
    expect((await api.operate(maker, 'GET', '/operator/windows')).body).toMatchObject({
      windows: [
        { window_id: 3, state: 'open' },
        { window_id: 2, state: 'settled' },
        { window_id: 1, state: 'settled' },
      ],
    });
    expect(
      (await api.operate(maker, 'GET', '/operator/windows?state=open&limit=5')).body,
    ).toMatchObject({ windows: [{ window_id: 3 }] });
    const { body } = await api.operate(maker, 'GET', '/operator/windows/1');
    const { nets } = body as unknown as { nets: { net: number }[] };
    expect(sum(nets.map(({ net }) => net))).toBe(0);
  });

  it('sets when windows are closed and which pairs are settled gross', async () => {
    const put = (body: object): Promise<Answer> =>
      api.operate(maker, 'PUT', '/operator/windows/settings', body);
    expect(await put({ daily_at: '02:00', gross_pairs: [[B, A]] })).toMatchObject({
      status: 200,
      body: { daily_at: '02:00', every_minutes: null, gross_pairs: [[A, B]] },
    });
    expect(await put({ every_minutes: 60 })).toMatchObject({
      status: 200,
      body: { daily_at: null, every_minutes: 60, gross_pairs: [[A, B]] },
    });
    expect(await put({ daily_at: '24:00' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_schedule' },
    });
    expect(await put({ gross_pairs: [[A, 'nobody']] })).toMatchObject({
      status: 404,
      body: { code: 'platform_not_found' },
    });
    expect(await put({})).toMatchObject({
      status: 200,
      body: { daily_at: null, every_minutes: null },
    });
    expect((await api.operate(maker, 'GET', '/operator/windows/settings')).body).toMatchObject({
      gross_pairs: [[A, B]],
    });
    expect((await api.operate(maker, 'GET', '/operator/events')).body).toMatchObject({
      events: expect.arrayContaining([expect.objectContaining({ type: 'settlement.configured' })]),
    });
  });
});
