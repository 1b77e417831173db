// Turns events into deliveries: reads the feed by cursor, once for all endpoints, and writes a row
// for each endpoint that should get an event. Rows rather than jobs of the queue: owners and
// operators list, repeat and order them, and one statement claims them.

import { dbTransaction, type Pool } from '../../runtime/database.ts';
import { selectEvents, type NetworkEvent } from '../feed.ts';
import {
  insertDeliveries,
  moveWebhookCursor,
  readWebhookCursor,
  selectSubscriptions,
  type Subscription,
} from './store-deliveries.ts';

/** Events read in one step. */
const STEP = 1_000;

/**
 * One step; true when there is more. Several processes may run it: each event becomes deliveries
 * once.
 */
export async function fanOut(pool: Pool, nowMs: number): Promise<boolean> {
  const cursor = await readWebhookCursor(pool);
  // The endpoints are read after the events: an endpoint that is not in the list yet is newer than
  // all of these events.
  const events = await selectEvents(pool, cursor, STEP);
  if (events.length === 0) return false;
  const subscriptions = await selectSubscriptions(pool);
  const through = events.at(-1)?.eventId ?? cursor;
  const deliveries = events.flatMap((event) =>
    subscriptions
      .filter((subscription) => isFor(event, subscription))
      .map(({ webhookId, active }) => ({ webhookId, eventId: event.eventId, active })),
  );
  await dbTransaction(pool, async (client) => {
    if (await moveWebhookCursor(client, cursor, through))
      await insertDeliveries(client, deliveries, nowMs);
  });
  return events.length === STEP;
}

/** Whether an event concerns an endpoint's owner, and has a type that it wants. */
function isFor(
  { eventId, type, platformId, data }: NetworkEvent,
  subscription: Subscription,
): boolean {
  if (eventId <= subscription.afterEventId) return false;
  if (type === 'webhook.test') return data['webhook_id'] === subscription.webhookId;
  if (type === 'webhook.disabled' && data['webhook_id'] === subscription.webhookId) return false;
  const concerns =
    subscription.platformId === null ||
    platformId === subscription.platformId ||
    (platformId === null && type.startsWith('rulebook.'));
  return (
    concerns &&
    (subscription.types?.some(
      (wanted) =>
        wanted === type || (wanted.endsWith('.*') && type.startsWith(wanted.slice(0, -1))),
    ) ??
      true)
  );
}
