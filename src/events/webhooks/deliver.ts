// The sending of one process: turns events into deliveries, claims those that are due, sends many
// at once and notes what became of each. A claim counts while its process is alive, so what a dead
// one was sending is sent again by another within seconds: each event at least once.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS, formatMoment, type Clock } from '../../kernel/time.ts';

import { dbTransaction, type Pool } from '../../runtime/database.ts';
import type { Egress } from '../../runtime/egress.ts';
import { appendEvents, selectEventsById, type NetworkEvent } from '../feed.ts';
import type { Log } from '../../runtime/log.ts';
import type { Sealer } from '../../security/security.ts';
import {
  claimDue,
  noteFailures,
  noteSender,
  noteSuccesses,
  purgeDeliveries,
  releaseUnknown,
  removeSender,
  writeResults,
  type Claim,
  type Result,
} from './delivery-store.ts';
import { fanOut } from './fan-out.ts';
import { judgeReply, type Verdict } from './retry.ts';
import { signMessage } from './sign.ts';
import { disableWebhook } from './store.ts';
import type { DisabledReason } from './types.ts';

export interface DelivererParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly egress: Pick<Egress, 'send'>;
}

export interface DelivererOptions {
  /** From sending to the end of the answer. */
  readonly timeoutMs?: number;
  /** Messages under way at a time in this process. */
  readonly concurrency?: number;
  /**
   * Of them to one endpoint that works; to one that fails it is one, so that those that hang cannot
   * take all places.
   */
  readonly perWebhook?: number;
  /** 0 to 1; spreads retries. */
  readonly random?: () => number;
}

export interface Deliverer {
  /** One round: never waits for a slow endpoint. True when there is more to do at once. */
  run(): Promise<boolean>;
  /** Lets what is under way finish for a while, and leaves the rest to others. */
  close(): Promise<void>;
}

const SENDER_EVERY_MS = 1_000;
const RELEASE_EVERY_MS = 5_000;
const PURGE_EVERY_MS = 60_000;
const PURGE_LIMIT = 5_000;
const KEEP_DELIVERED_MS = 7 * DAY_MS;
const KEEP_DEAD_MS = 30 * DAY_MS;
/** An endpoint to which nothing could be delivered for so long is disabled. */
const FAILING_LIMIT_MS = 5 * DAY_MS;
/** How long a round waits for the first answer; then it looks whether something new is due. */
const WAIT_MS = 100;
const CLOSE_WAIT_MS = 3_000;
/** What a receiver says in its answer is not looked at. */
const MAX_ANSWER_BYTES = 64 * 1024;

interface Outcome {
  readonly claim: Claim;
  readonly verdict: Verdict;
}

export function createDeliverer(
  { pool, clock, log, sealer, egress }: DelivererParts,
  options: DelivererOptions = {},
): Deliverer {
  const { timeoutMs = 15_000, concurrency = 256, perWebhook = 16, random = Math.random } = options;
  const senderId = randomUUID();
  const underWay = new Map<string, Claim>();
  const outcomes: Outcome[] = [];
  let answered = Promise.withResolvers<void>();
  let [seenMs, releasedMs, purgedMs] = [
    Number.NEGATIVE_INFINITY,
    performance.now(),
    Number.NEGATIVE_INFINITY,
  ];

  async function deliver(claim: Claim, event: NetworkEvent | undefined): Promise<Verdict> {
    if (event === undefined)
      return { type: 'dead', status: null, error: 'The event is not in the feed.' };
    const { eventId, type, occurredAt, platformId, data } = event;
    const body = JSON.stringify({
      type,
      timestamp: formatMoment(occurredAt),
      event_id: Number(eventId),
      ...(claim.platformId === null ? { platform_id: platformId } : {}),
      data,
    });
    const secrets = claim.sealedSecrets.map((sealed) =>
      sealer.open(sealed, contextOf(claim.webhookId)),
    );
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'Pontis-Webhooks/1',
      ...signMessage(`evt_${eventId}`, clock.now(), body, secrets),
    };
    const reply = await egress.send({
      method: 'POST',
      url: new URL(claim.url),
      headers,
      body,
      timeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
    return judgeReply(reply, claim.attempts + 1, clock.now(), random());
  }

  async function send(claim: Claim, event: NetworkEvent | undefined): Promise<void> {
    let verdict: Verdict;
    try {
      verdict = await deliver(claim, event);
    } catch (error) {
      // Such as a key that cannot be opened. A claim without an outcome would never be sent again.
      log.error({ err: error, webhook_id: claim.webhookId }, 'a webhook message could not be sent');
      verdict = judgeReply(
        { arrived: false, reason: 'unreachable', detail: '' },
        claim.attempts + 1,
        clock.now(),
        random(),
      );
    }
    underWay.delete(keyOf(claim));
    outcomes.push({ claim, verdict });
    answered.resolve();
  }

  async function noteOutcomes(): Promise<void> {
    // A copy: more are added while these are being written.
    const noted = [...outcomes];
    if (noted.length === 0) return;
    const nowMs = clock.now();
    const webhooksOf = (types: readonly Verdict['type'][]): string[] => [
      ...new Set(
        noted
          .filter(({ verdict }) => types.includes(verdict.type))
          .map(({ claim }) => claim.webhookId),
      ),
    ];
    const [succeeded, gone] = [webhooksOf(['delivered']), webhooksOf(['gone'])];
    await dbTransaction(pool, async (client) => {
      await writeResults(
        client,
        senderId,
        noted.map(({ claim, verdict }) => resultOf(claim, verdict, nowMs)),
        nowMs,
      );
      if (succeeded.length > 0) await noteSuccesses(client, succeeded, nowMs);
      const failed = webhooksOf(['retry', 'dead']).filter(
        (webhookId) => !succeeded.includes(webhookId),
      );
      const failing =
        failed.length === 0
          ? []
          : await noteFailures(client, failed, nowMs, nowMs - FAILING_LIMIT_MS);
      const disabled: (readonly [string, DisabledReason])[] = [
        ...gone.map((webhookId) => [webhookId, 'gone'] as const),
        ...failing.map((webhookId) => [webhookId, 'failing'] as const),
      ];
      for (const [webhookId, reason] of disabled) {
        const found = await disableWebhook(client, webhookId, reason, nowMs);
        if (found === undefined) continue;
        await appendEvents(
          client,
          [
            {
              type: 'webhook.disabled',
              platformId: found.platformId,
              data: { webhook_id: webhookId, url: found.url, reason },
            },
          ],
          nowMs,
        );
        log.error(
          { webhook_id: webhookId, platform_id: found.platformId, reason },
          'a webhook was disabled: its owner gets no events there until it is enabled again',
        );
      }
    });
    // Only now: after a failure they are noted in the next round.
    outcomes.splice(0, noted.length);
    for (const { claim, verdict } of noted)
      if (verdict.type === 'dead')
        log.warn(
          { webhook_id: claim.webhookId, event_id: String(claim.eventId) },
          'a webhook message was given up',
        );
  }

  async function launch(): Promise<number> {
    const free = concurrency - underWay.size;
    if (free <= 0) return 0;
    const busy = new Map<string, number>();
    for (const { webhookId } of underWay.values())
      busy.set(webhookId, (busy.get(webhookId) ?? 0) + 1);
    const claims = (await claimDue(pool, senderId, { busy, perWebhook, free }, clock.now())).filter(
      (claim) => !underWay.has(keyOf(claim)),
    );
    if (claims.length === 0) return 0;
    for (const claim of claims) underWay.set(keyOf(claim), claim);
    const events = await selectEventsById(pool, [
      ...new Set(claims.map(({ eventId }) => eventId)),
    ]).catch((error: unknown) => {
      // Not sent, so not claimed: the process says so by a new attempt when the database is back.
      for (const claim of claims) underWay.delete(keyOf(claim));
      outcomes.push(
        ...claims.map((claim) => ({
          claim,
          verdict: {
            type: 'retry',
            status: null,
            error: 'It was not sent.',
            dueMs: clock.now(),
          } as const,
        })),
      );
      throw error;
    });
    const byId = new Map(events.map((event) => [event.eventId, event]));
    for (const claim of claims) void send(claim, byId.get(claim.eventId));
    return claims.length;
  }

  /** Now and then, by a clock that nobody sets. */
  async function keepHouse(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - seenMs >= SENDER_EVERY_MS) {
      await noteSender(pool, senderId);
      seenMs = nowMs;
    }
    if (nowMs - releasedMs >= RELEASE_EVERY_MS) {
      await releaseUnknown(pool, senderId, [
        ...underWay.values(),
        ...outcomes.map(({ claim }) => claim),
      ]);
      releasedMs = nowMs;
    }
    if (
      nowMs - purgedMs >= PURGE_EVERY_MS &&
      (await purgeDeliveries(
        pool,
        clock.now() - KEEP_DELIVERED_MS,
        clock.now() - KEEP_DEAD_MS,
        PURGE_LIMIT,
      )) < PURGE_LIMIT
    )
      purgedMs = nowMs;
  }

  return {
    async run() {
      await keepHouse();
      await noteOutcomes();
      const more = await fanOut(pool, clock.now());
      const launched = await launch();
      if (more) return true;
      if (outcomes.length === 0 && underWay.size > 0) {
        answered = Promise.withResolvers<void>();
        await Promise.race([answered.promise, sleep(WAIT_MS)]);
      }
      return launched > 0 || outcomes.length > 0;
    },
    async close() {
      const patience = new AbortController();
      const enough = sleep(CLOSE_WAIT_MS, undefined, { signal: patience.signal }).catch(
        () => undefined,
      );
      const drained = (async () => {
        while (underWay.size > 0 && !patience.signal.aborted) {
          answered = Promise.withResolvers<void>();
          await answered.promise;
        }
      })();
      await Promise.race([drained, enough]);
      patience.abort();
      await noteOutcomes();
      await removeSender(pool, senderId);
    },
  };
}

/** What a sealed key of an endpoint is bound to. */
export function contextOf(webhookId: string): string {
  return `webhook/${webhookId}`;
}

function keyOf({ webhookId, eventId }: Claim): string {
  return `${webhookId}/${eventId}`;
}

function resultOf({ webhookId, eventId }: Claim, verdict: Verdict, nowMs: number): Result {
  const state =
    verdict.type === 'retry' ? 'pending' : verdict.type === 'delivered' ? 'delivered' : 'dead';
  return {
    webhookId,
    eventId,
    state,
    dueMs: verdict.type === 'retry' ? verdict.dueMs : nowMs,
    status: verdict.status,
    error: verdict.type === 'delivered' ? null : verdict.error,
  };
}
