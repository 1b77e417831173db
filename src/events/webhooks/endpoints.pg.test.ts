// Endpoints of webhooks: made, changed, tested, disabled and removed.

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

describe('an endpoint', () => {
  it('that hangs keeps nobody else waiting', async () => {
    const hanging = await Promise.all(Array.from({ length: 6 }, () => receiver(() => 'hang')));
    const working = await receiver();
    for (const { url } of [...hanging, working]) await endpoint(A, url);
    // Places for 16 messages; each of the hanging endpoints takes two at first, and one once it is
    // known to fail.
    const sender = deliverer({ timeoutMs: 400, concurrency: 16, perWebhook: 2 });
    await happen(...Array.from({ length: 40 }, () => [A, 'transfer.completed'] as const));
    await until(sender, () => working.accepted.length === 40);
    // In the time in which all were delivered there, at most a few were tried here.
    expect(hanging.every(({ messages }) => messages.length < 40)).toBe(true);
  });

  it('that is ordered gets one event after another, whatever it answers, and whoever sends', async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const behaviours: Behaviour[] = [
      500,
      'reset',
      'hang',
      200,
      200,
      'reset after answer began',
      204,
    ];
    const inbox = await receiver(async () => {
      await sleep(random() * 4);
      return behaviours[Math.floor(random() * behaviours.length)] ?? 200;
    });
    const { webhookId } = await endpoint(A, inbox.url, { ordered: true });
    await happen(
      ...Array.from({ length: 25 }, (_, index) => [A, 'transfer.completed', { index }] as const),
    );
    const senders = [deliverer({ timeoutMs: 100 }), deliverer({ timeoutMs: 100 })];
    const states = async (): Promise<string[]> =>
      (await statesOf(webhookId)).map((state) => state.split(' ')[0] ?? '');
    while ((await states()).filter((state) => state !== 'pending').length < 25) {
      await Promise.all(senders.map((sender) => sender.run()));
      offsetMs += 3_600_000 * 6;
    }
    const indexes = inbox.messages.map(({ data }) => Number(data['index']));
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    expect(new Set(indexes)).toEqual(new Set(Array.from({ length: 25 }, (_, index) => index)));
    const delivered = (await states()).filter((state) => state === 'delivered').length;
    expect(new Set(inbox.accepted.map(({ id }) => id)).size).toBe(delivered);
  });

  it('that answers 410 gets nothing more, until it is enabled and asks for what it missed', async () => {
    let gone = true;
    const [inbox, second] = [await receiver(() => (gone ? 410 : 200)), await receiver()];
    const { webhookId } = await endpoint(A, inbox.url);
    await endpoint(A, second.url);
    const sender = deliverer({ perWebhook: 1 });
    await happen([A, 'transfer.completed', { index: 1 }], [A, 'transfer.completed', { index: 2 }]);
    await settle(sender);
    await happen([A, 'transfer.completed', { index: 3 }]);
    await settle(sender);
    expect(inbox.messages).toHaveLength(1);
    expect(await webhooks.find('everybody', webhookId)).toMatchObject({
      value: { state: 'disabled', disabledReason: 'gone', pending: 0, dead: 3 },
    });
    expect(second.messages.find(({ type }) => type === 'webhook.disabled')?.data).toEqual({
      webhook_id: webhookId,
      url: inbox.url,
      reason: 'gone',
    });
    expect(await webhooks.redeliver('everybody', webhookId, { sinceMs: 0 }, 'test')).toMatchObject({
      ok: false,
      problem: { code: 'webhook_disabled' },
    });
    expect(await webhooks.test('everybody', webhookId)).toMatchObject({
      ok: false,
      problem: { code: 'webhook_disabled' },
    });
    gone = false;
    expect(await webhooks.change('everybody', webhookId, { enabled: true })).toMatchObject({
      value: { state: 'active', disabledReason: null },
    });
    expect(await webhooks.redeliver('everybody', webhookId, { sinceMs: 0 }, 'test')).toEqual({
      ok: true,
      value: 3,
    });
    await settle(sender);
    expect(inbox.accepted.map(({ data }) => data['index']).sort()).toEqual([1, 2, 3]);
  });

  it('that fails for days is disabled, and its other endpoint is told; one that works now and then is not', async () => {
    let day = 0;
    const [dead, shaky, healthy] = [
      await receiver(() => 500),
      await receiver(() => (day % 2 === 0 ? 500 : 200)),
      await receiver(),
    ];
    const ids = [
      await endpoint(A, dead.url),
      await endpoint(A, shaky.url),
      await endpoint(A, healthy.url),
    ].map(({ webhookId }) => webhookId);
    const sender = deliverer();
    for (day = 0; day < 8; day += 1) {
      await happen([A, 'transfer.completed']);
      await settle(sender);
      offsetMs += DAY_MS;
    }
    const found = await Promise.all(ids.map((id) => webhooks.find('everybody', id)));
    expect(found.map((one) => one.ok && `${one.value.state} ${one.value.disabledReason}`)).toEqual([
      'disabled failing',
      'active null',
      'active null',
    ]);
    expect(
      healthy.messages
        .filter(({ type }) => type === 'webhook.disabled')
        .map(({ data }) => data['webhook_id']),
    ).toEqual([ids[0]]);
  });

  it('is tested when its owner asks, whatever types it wants, and alone', async () => {
    const [inbox, other] = [await receiver(), await receiver()];
    const { webhookId, secret } = await endpoint(A, inbox.url, { types: ['hold.expired'] });
    await endpoint(A, other.url);
    expect(await webhooks.test({ owner: B }, webhookId)).toMatchObject({
      ok: false,
      problem: { code: 'webhook_not_found' },
    });
    expect(await webhooks.test({ owner: A }, webhookId)).toMatchObject({ ok: true });
    await settle(deliverer());
    const { body, headers } = inbox.messages[0] as Message;
    expect(new Verifier(secret).verify(body, headers)).toMatchObject({
      type: 'webhook.test',
      data: { webhook_id: webhookId },
    });
    expect([inbox.messages.length, other.messages.length]).toEqual([1, 0]);
  });
});
