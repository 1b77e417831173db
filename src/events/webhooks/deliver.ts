// The sender of one process: turns events into deliveries, claims those that are due, sends many at
// once and records each outcome. A claim counts while its process is alive; the claims of a dead
// process are sent again by another within seconds. So each event is sent at least once.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { selectEventsById, type NetworkEvent } from '../feed.ts';
import { claimDue, removeSender, type Claim } from './store-deliveries.ts';
import { fanOut } from './fan-out.ts';
import { judgeReply, type Verdict } from './retry.ts';
import { createHousekeeping } from './keep-house.ts';
import { noteOutcomes, type Outcome } from './note-outcomes.ts';
import { sendMessage, type DelivererParts } from './send-message.ts';

export interface DelivererOptions {
  /** From sending to the end of the answer. */
  readonly timeoutMs?: number;
  /** Messages under way at a time in this process. */
  readonly concurrency?: number;
  /**
   * Messages at a time to one endpoint that works; to a failing one it is one, so that endpoints
   * that hang cannot take all places.
   */
  readonly perWebhook?: number;
  /** 0 to 1; spreads retries. */
  readonly random?: () => number;
}

export interface Deliverer {
  /** One round: never waits for a slow endpoint. True when there is more to do at once. */
  run(): Promise<boolean>;
  /** Lets messages under way finish for a while, and leaves the rest to others. */
  close(): Promise<void>;
}

/** How long a round waits for the first answer before it looks for new due messages. */
const WAIT_MS = 100;
const CLOSE_WAIT_MS = 3_000;

export function createDeliverer(parts: DelivererParts, options: DelivererOptions = {}): Deliverer {
  const { timeoutMs = 15_000, concurrency = 256, perWebhook = 16, random = Math.random } = options;
  const { pool, clock, log } = parts;
  const senderId = randomUUID();
  const underWay = new Map<string, Claim>();
  const outcomes: Outcome[] = [];
  let answered = Promise.withResolvers<void>();
  const keepHouse = createHousekeeping(parts, senderId, () => [
    ...underWay.values(),
    ...outcomes.map(({ claim }) => claim),
  ]);

  async function send(claim: Claim, event: NetworkEvent | undefined): Promise<void> {
    let verdict: Verdict;
    try {
      verdict = await sendMessage(parts, claim, event, { timeoutMs, random });
    } catch (error) {
      // For example a key that cannot be opened. A claim without an outcome would never be sent
      // again.
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

  async function noteAll(): Promise<void> {
    // A copy: more are added while these are being written.
    const noted = [...outcomes];
    if (noted.length === 0) return;
    await noteOutcomes(parts, senderId, noted);
    // Only now: after a failure they are written in the next round.
    outcomes.splice(0, noted.length);
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
      // Not sent, so not claimed: a new attempt is written when the database is back.
      for (const claim of claims) underWay.delete(keyOf(claim));
      outcomes.push(...claims.map((claim) => notSent(claim, clock.now())));
      throw error;
    });
    const byId = new Map(events.map((event) => [event.eventId, event]));
    for (const claim of claims) void send(claim, byId.get(claim.eventId));
    return claims.length;
  }

  return {
    async run() {
      await keepHouse();
      await noteAll();
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
      await noteAll();
      await removeSender(pool, senderId);
    },
  };
}

function keyOf({ webhookId, eventId }: Claim): string {
  return `${webhookId}/${eventId}`;
}

function notSent(claim: Claim, nowMs: number): Outcome {
  const verdict = { type: 'retry', status: null, error: 'It was not sent.', dueMs: nowMs } as const;
  return { claim, verdict };
}
