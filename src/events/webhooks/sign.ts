// Messages in the form of Standard Webhooks 1.0: id, timestamp and signatures over both and the
// body, one for each key in force. Pure.

import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** `whsec_` and base64. */
export function formatSecret(key: Buffer): string {
  return PREFIX + key.toString('base64');
}

/**
 * `secrets`: the newest first. The id stays the same over all attempts; the timestamp is that of
 * the attempt.
 */
export function signMessage(
  id: string,
  atMs: number,
  body: string,
  secrets: readonly string[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) =>
      `v1,${createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
        .update(signed)
        .digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
