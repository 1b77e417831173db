// Asks a platform until it answers yes or no: repeats an unanswered question, after longer and
// longer delays, a limited number of times.

import { setTimeout as sleep } from 'node:timers/promises';

import type { ConnectorOutcome } from '../../connections/connections.ts';

export interface Patience {
  readonly attempts: number;
  /** Doubles with each attempt, up to the longest. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

export const PATIENCE: Patience = { attempts: 6, firstDelayMs: 250, longestDelayMs: 8_000 };

export type Answer<T> =
  | { readonly answered: true; readonly value: T }
  /** A sentence for the run. Never read it as a fact about points. */
  | { readonly answered: false; readonly reason: string };

export async function askPlatform<T>(
  what: string,
  call: () => Promise<ConnectorOutcome<T>>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await call();
    if (outcome.outcome === 'yes') return { answered: true, value: outcome.value };
    if (outcome.outcome === 'no')
      return {
        answered: false,
        reason: `platform refused to report ${what}: ${outcome.status} ${outcome.error.slice(0, 200)}`,
      };
    if (signal?.aborted === true) return { answered: false, reason: 'the program was stopped' };
    if (attempt >= patience.attempts)
      return {
        answered: false,
        reason: `platform did not answer when asked for ${what}: ${outcome.detail}`,
      };
    // The platform asks for a longer pause; the next run asks it again.
    if ((outcome.retryAfterMs ?? 0) > patience.longestDelayMs)
      return { answered: false, reason: `platform did not report ${what}: ${outcome.detail}` };
    const delayMs =
      Math.min(patience.firstDelayMs * 2 ** (attempt - 1), patience.longestDelayMs) *
      (0.5 + Math.random());
    await sleep(
      Math.max(delayMs, outcome.retryAfterMs ?? 0),
      undefined,
      signal === undefined ? {} : { signal },
    ).catch(() => undefined);
  }
}
