// Sends one signed event to one endpoint, and judges its reply.

import { formatMoment, type Clock } from '../../kernel/time.ts';
import type { Pool } from '../../runtime/database.ts';
import type { Egress } from '../../runtime/egress.ts';
import type { NetworkEvent } from '../feed.ts';
import type { Log } from '../../runtime/log.ts';
import type { Sealer } from '../../security/security.ts';
import type { Claim } from './store-deliveries.ts';
import { judgeReply, type Verdict } from './retry.ts';
import { signMessage } from './sign.ts';

export interface DelivererParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly egress: Pick<Egress, 'send'>;
}

/** The content of a receiver's answer is ignored. */
const MAX_ANSWER_BYTES = 64 * 1024;

export async function sendMessage(
  { clock, sealer, egress }: Pick<DelivererParts, 'clock' | 'sealer' | 'egress'>,
  claim: Claim,
  event: NetworkEvent | undefined,
  { timeoutMs, random }: { readonly timeoutMs: number; readonly random: () => number },
): Promise<Verdict> {
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

/** The context to which a sealed key of an endpoint is bound. */
export function contextOf(webhookId: string): string {
  return `webhook/${webhookId}`;
}
