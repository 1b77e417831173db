// Asks a platform until it says yes or no: what it does not answer is asked again, later and later,
// a bounded number of times.

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
  /** A sentence for the run. Never to be read as anything about points. */
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
        reason: `platform refused to tell ${what}: ${outcome.status} ${outcome.error.slice(0, 200)}`,
      };
    if (signal?.aborted === true) return { answered: false, reason: 'the program was stopped' };
    if (attempt >= patience.attempts)
      return {
        answered: false,
        reason: `platform did not answer when asked for ${what}: ${outcome.detail}`,
      };
    // One that asks to be left alone for longer is asked by the next run.
    if ((outcome.retryAfterMs ?? 0) > patience.longestDelayMs)
      return { answered: false, reason: `platform did not tell ${what}: ${outcome.detail}` };
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
