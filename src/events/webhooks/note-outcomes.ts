// Writes the outcomes of messages, and disables endpoints that are gone or have failed for long.

import { DAY_MS } from '../../kernel/time.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { appendEvents } from '../feed.ts';
import {
  noteFailures,
  noteSuccesses,
  writeResults,
  type Claim,
  type Result,
} from './store-deliveries.ts';
import type { Verdict } from './retry.ts';
import { disableWebhook } from './store.ts';
import type { DisabledReason } from './types.ts';
import type { DelivererParts } from './send-message.ts';

/** An endpoint to which nothing could be delivered for this long is disabled. */
const FAILING_LIMIT_MS = 5 * DAY_MS;

export interface Outcome {
  readonly claim: Claim;
  readonly verdict: Verdict;
}

export async function noteOutcomes(
  { pool, clock, log }: Pick<DelivererParts, 'pool' | 'clock' | 'log'>,
  senderId: string,
  noted: readonly Outcome[],
): Promise<void> {
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
    for (const [webhookId, reason] of disabled)
      await disable(client, log, webhookId, reason, nowMs);
  });
  for (const { claim, verdict } of noted)
    if (verdict.type === 'dead')
      log.warn(
        { webhook_id: claim.webhookId, event_id: String(claim.eventId) },
        'a webhook message was given up',
      );
}

async function disable(
  client: DbClient,
  log: Log,
  webhookId: string,
  reason: DisabledReason,
  nowMs: number,
): Promise<void> {
  const found = await disableWebhook(client, webhookId, reason, nowMs);
  if (found === undefined) return;
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
