// Webhooks against real receivers: what is sent, how it is signed, how often it is tried, and what
// happens to a message that cannot be delivered.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import {
  startReceiver,
  type Behaviour,
  type Message,
  type Receiver,
} from '../../../test/fixtures/receiver.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { createEgress, LOOPBACK_RANGES } from '../../runtime/egress.ts';
import { appendEvents, type NewEvent } from '../feed.ts';
import { createSealer } from '../../security/security.ts';
import type { Deliverer, DelivererOptions } from './deliver.ts';
import { RETRY_WAITS_MS } from './retry.ts';
import type { Owner, WebhookTerms } from './types.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';
import { DAY_MS } from '../../kernel/time.ts';
const A = 'platform_a' as PlatformId;
const B = 'platform_b' as PlatformId;

let database: TestDatabase;
let webhooks: Webhooks;
let offsetMs = 0;
const clock = { now: () => Date.now() + offsetMs };
const egress = createEgress({ allowedRanges: LOOPBACK_RANGES });
const sealer = createSealer({ bytes: randomBytes(32) });
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  webhooks = createWebhooks({ pool: database.pool, clock, log: database.log, sealer, egress });
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  for (const { webhookId } of await webhooks.list('everybody'))
    await webhooks.remove('everybody', webhookId);
  offsetMs = 0;
});
afterAll(async () => {
  egress.close();
  await database?.drop();
});

async function receiver(
  behave?: (message: Message, index: number) => Behaviour | Promise<Behaviour>,
): Promise<Receiver> {
  const started = await startReceiver(behave);
  opened.push(started);
  return started;
}

function deliverer(options: DelivererOptions = {}): Deliverer {
  const made = webhooks.createDeliverer({ timeoutMs: 2_000, random: () => 0, ...options });
  opened.unshift(made);
  return made;
}

async function endpoint(
  owner: Owner,
  url: string,
  terms: Partial<WebhookTerms> = {},
): Promise<{ webhookId: string; secret: string }> {
  const created = await webhooks.create(owner, {
    url,
    description: '',
    types: null,
    ordered: false,
    ...terms,
  });
  if (!created.ok) throw new Error(created.problem.detail);
  return { webhookId: created.value.webhook.webhookId, secret: created.value.secret };
}

function happen(
  ...events: readonly (readonly [platformId: Owner, type: string, data?: NewEvent['data']])[]
): Promise<void> {
  return dbTransaction(database.pool, (client) =>
    appendEvents(
      client,
      events.map(([platformId, type, data = {}]) => ({ platformId, type, data })),
      clock.now(),
    ),
  );
}

/** Runs rounds until the condition holds. */
async function until(sender: Deliverer, so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) if (!(await sender.run())) await sleep(10);
}

async function statesOf(webhookId: string): Promise<string[]> {
  const listed = await webhooks.listDeliveries('everybody', webhookId, { limit: 1_000 });
  if (!listed.ok) throw new Error(listed.problem.detail);
  return listed.value.map(({ state, attempts }) => `${state} ${attempts}`).toReversed();
}

function typesAt({ messages }: Receiver): string[] {
  return messages.map(({ type }) => type).sort();
}

/** Nothing is due or under way. */
async function idle(): Promise<boolean> {
  const { rows } = await database.pool.query(
    `select from clearing.webhook_delivery d join clearing.webhook w using (webhook_id)
        where w.state = 'active' and d.state = 'pending'
        and (d.claimed_by is not null or d.due_at <= $1) limit 1`,
    [new Date(clock.now())],
  );
  const behind = await database.pool.query(
    'select from clearing.webhook_cursor c, feed.head h where c.event_id < h.event_id',
  );
  return rows.length === 0 && behind.rows.length === 0;
}

/** Runs rounds until nothing is due or under way. */
function settle(sender: Deliverer): Promise<void> {
  return until(sender, idle);
}

describe('a message', () => {
  it('is what the public library for Standard Webhooks accepts, and nothing else is', async () => {
    const inbox = await receiver();
    const { secret } = await endpoint(A, inbox.url);
    await happen([
      A,
      'transfer.completed',
      { transaction_id: 'txn_1', amount: 12.5, note: '积分 “ü”' },
    ]);
    await settle(deliverer());
    expect(inbox.messages).toHaveLength(1);
    const { headers, body, id } = inbox.messages[0] as Message;
    expect(new Verifier(secret).verify(body, headers)).toEqual({
      type: 'transfer.completed',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      event_id: Number(id.slice(4)),
      data: { transaction_id: 'txn_1', amount: 12.5, note: '积分 “ü”' },
    });
    expect(id).toMatch(/^evt_\d+$/);
    expect(() => new Verifier(secret).verify(body.replace('12.5', '13.5'), headers)).toThrow(
      'No matching signature',
    );
    expect(() =>
      new Verifier(`whsec_${randomBytes(32).toString('base64')}`).verify(body, headers),
    ).toThrow('No matching signature');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Pontis-Webhooks/1',
    });
  });

  it('goes to those it concerns, if they want its type, from the moment they ask', async () => {
    await happen([A, 'transfer.completed', { before: true }]);
    const [all, some, other, network] = await Promise.all([
      receiver(),
      receiver(),
      receiver(),
      receiver(),
    ]);
    await endpoint(A, all.url);
    await endpoint(A, some.url, { types: ['transfer.*', 'hold.expired'] });
    await endpoint(B, other.url);
    await endpoint(null, network.url);
    await happen(
      [A, 'transfer.completed'],
      [A, 'transfers.odd'],
      [B, 'transfer.pending'],
      [null, 'rulebook.effective'],
      [null, 'proposal.made'],
      [A, 'hold.expired'],
      [A, 'points.expired'],
    );
    await settle(deliverer());
    expect(typesAt(all)).toEqual([
      'hold.expired',
      'points.expired',
      'rulebook.effective',
      'transfer.completed',
      'transfers.odd',
    ]);
    expect(typesAt(some)).toEqual(['hold.expired', 'transfer.completed']);
    expect(typesAt(other)).toEqual(['rulebook.effective', 'transfer.pending']);
    expect(network.messages).toHaveLength(7);
    expect(
      JSON.parse(network.messages.find(({ type }) => type === 'transfer.pending')?.body ?? '{}'),
    ).toMatchObject({ platform_id: 'platform_b' });
    expect(JSON.parse(all.messages[0]?.body ?? '{}')).not.toHaveProperty('platform_id');
  });

  it('is signed with the old key too while that lasts, and with no more than the newest three', async () => {
    const inbox = await receiver();
    const { webhookId, secret } = await endpoint(A, inbox.url);
    const sender = deliverer();
    const renew = async (overlapMs: number): Promise<string> => {
      const renewed = await webhooks.renewSecret('everybody', webhookId, overlapMs);
      if (!renewed.ok) throw new Error(renewed.problem.detail);
      return renewed.value.secret;
    };
    /** Which keys have signed the next message. */
    const signers = async (...secrets: string[]): Promise<boolean[]> => {
      await happen([A, 'transfer.completed']);
      await settle(sender);
      const { id, timestamp, body, headers } = inbox.messages.at(-1) as Message;
      const signatures = headers['webhook-signature']?.split(' ') ?? [];
      expect(signatures.length).toBeLessThanOrEqual(3);
      return secrets.map((one) =>
        signatures.includes(new Verifier(one).sign(id, new Date(timestamp * 1000), body)),
      );
    };
    const second = await renew(DAY_MS);
    expect(await signers(secret, second)).toEqual([true, true]);
    const { body, headers } = inbox.messages[0] as Message;
    for (const one of [secret, second])
      expect(new Verifier(one).verify(body, headers)).toMatchObject({ type: 'transfer.completed' });
    offsetMs += DAY_MS + 1_000;
    expect(await signers(secret, second)).toEqual([false, true]);
    const third = await renew(DAY_MS);
    const [fourth, fifth] = [await renew(DAY_MS), await renew(DAY_MS)];
    expect(await signers(secret, second, third, fourth, fifth)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    const sixth = await renew(0);
    expect(await signers(third, fourth, fifth, sixth)).toEqual([false, false, false, true]);
  });
});

describe('an attempt that comes to nothing', () => {
  it('is repeated under the same id and a new timestamp by the schedule, and at last given up', async () => {
    const inbox = await receiver(() => 500);
    const { webhookId, secret } = await endpoint(A, inbox.url);
    await happen([A, 'transfer.completed']);
    const sender = deliverer();
    for (const [attempt, wait] of [...RETRY_WAITS_MS, 0].entries()) {
      await settle(sender);
      expect(inbox.messages).toHaveLength(attempt + 1);
      if (attempt < RETRY_WAITS_MS.length)
        expect(await statesOf(webhookId)).toEqual([`pending ${attempt + 1}`]);
      // Not a moment before its time; the clock of the machine goes on by itself.
      offsetMs += wait - 2_000;
      await settle(sender);
      expect(inbox.messages).toHaveLength(attempt + 1);
      offsetMs += 2_000;
    }
    expect(await statesOf(webhookId)).toEqual(['dead 10']);
    expect(new Set(inbox.messages.map(({ id }) => id)).size).toBe(1);
    expect(new Set(inbox.messages.map(({ timestamp }) => timestamp)).size).toBe(10);
    for (const { id, timestamp, body, headers } of inbox.messages)
      expect(headers['webhook-signature']).toBe(
        new Verifier(secret).sign(id, new Date(timestamp * 1000), body),
      );
    expect(await webhooks.redeliver('everybody', webhookId, { sinceMs: 0 }, 'test')).toEqual({
      ok: true,
      value: 1,
    });
    await settle(sender);
    expect([inbox.messages.length, await statesOf(webhookId)]).toEqual([11, ['pending 1']]);
  });

  it.each<[Behaviour]>([
    [500],
    [429],
    [302],
    [404],
    ['hang'],
    ['reset'],
    ['reset after answer began'],
    ['drip'],
    [{ status: 503, headers: { 'retry-after': '4' } }],
  ])('such as %j is made good by the next', async (behaviour) => {
    const inbox = await receiver((_message, index) => (index === 0 ? behaviour : 204));
    const { webhookId } = await endpoint(A, inbox.url);
    await happen([A, 'transfer.completed']);
    const sender = deliverer({ timeoutMs: 300 });
    await settle(sender);
    expect(await statesOf(webhookId)).toEqual(['pending 1']);
    offsetMs += 5_000;
    await settle(sender);
    expect(await statesOf(webhookId)).toEqual(['delivered 2']);
    expect(inbox.accepted).toHaveLength(1);
  });

  it('is put off as long as the receiver asks', async () => {
    const inbox = await receiver((_message, index) =>
      index === 0 ? { status: 503, headers: { 'retry-after': '3600' } } : 200,
    );
    await endpoint(A, inbox.url);
    await happen([A, 'transfer.completed']);
    const sender = deliverer();
    await settle(sender);
    offsetMs += 3_500_000;
    await settle(sender);
    expect(inbox.messages).toHaveLength(1);
    offsetMs += 100_000;
    await settle(sender);
    expect(inbox.accepted).toHaveLength(1);
  });
});

it('several processes send each event once, and what was delivered is forgotten after a while', async () => {
  const inboxes = await Promise.all(
    Array.from({ length: 3 }, () => receiver(async () => (await sleep(1), 200))),
  );
  const ids: string[] = [];
  for (const { url } of inboxes) ids.push((await endpoint(A, url)).webhookId);
  const senders = Array.from({ length: 3 }, () => deliverer());
  await happen(
    ...Array.from({ length: 150 }, (_, index) => [A, 'transfer.completed', { index }] as const),
  );
  await Promise.all(senders.map((sender) => settle(sender)));
  for (const { messages } of inboxes)
    expect(messages.map(({ data }) => Number(data['index'])).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 150 }, (_, index) => index),
    );
  offsetMs += 8 * DAY_MS;
  const late = deliverer();
  await until(late, async () => (await statesOf(ids[0] ?? '')).length === 0);
});

it('a message of a process that died is sent by another', async () => {
  const inbox = await receiver((_message, index) => (index === 0 ? 'hang' : 200));
  const { webhookId } = await endpoint(A, inbox.url);
  await happen([A, 'transfer.completed']);
  // It has claimed and sent; then it stays silent. It is not closed: that would free its claims.
  const dead = webhooks.createDeliverer({ timeoutMs: 600_000 });
  while (inbox.messages.length === 0) await dead.run();
  const sender = deliverer();
  await sender.run();
  expect(await statesOf(webhookId)).toEqual(['pending 0']);
  await until(sender, async () => (await statesOf(webhookId))[0] === 'delivered 1');
  expect(inbox.messages.map(({ id }) => id)).toEqual([
    inbox.messages[0]?.id,
    inbox.messages[0]?.id,
  ]);
});

it('a message that was claimed by an answer that got lost is sent all the same', async () => {
  const inbox = await receiver();
  await endpoint(A, inbox.url);
  const answers = { lost: 0 };
  const pool = new Proxy(database.pool, {
    get: (target, name) =>
      name !== 'query'
        ? (Reflect.get(target, name, target) as unknown)
        : async (text: string, values: unknown[]) => {
            const answer = await target.query(text, values);
            if (
              typeof text === 'string' &&
              text.includes('claimed as (') &&
              answer.rows.length > 0 &&
              answers.lost === 0
            ) {
              answers.lost += 1;
              throw new Error('Connection terminated unexpectedly');
            }
            return answer;
          },
  });
  const sender = createWebhooks({
    pool,
    clock,
    log: database.log,
    sealer,
    egress,
  }).createDeliverer();
  opened.unshift(sender);
  await happen([A, 'transfer.completed']);
  while (answers.lost === 0)
    await sender.run().catch((error: Error) => expect(error.message).toContain('terminated'));
  await until(sender, () => inbox.accepted.length === 1);
});
