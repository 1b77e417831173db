// Keeps a request that was sent without Idempotency-Key from being sent again with one: X-Signature does not cover that header.

import type { Clock } from '../kernel/time.ts';
import { SIGNATURE_TOLERANCE_SECONDS } from './request-signature.ts';

/**
 * Without the header the signature is the key, so a captured request can post only once; unless whoever captured it adds
 * a header and so makes a new key. Requests sent with a key are not remembered: two of one second with equal bodies
 * have equal signatures and differ by their keys alone. Who needs the key signed uses RFC 9421, which covers it.
 */
export interface ReplayGuard {
  /** Notes a signature that served as a key. */
  remember(signature: string): void;
  /** True for a signature that has served as a key while it could be valid. */
  hasServedAsKey(signature: string): boolean;
}

/** Per generation, about 100 bytes each. Beyond it the older generation is forgotten early. */
const MAX_REMEMBERED = 500_000;

/** Two generations, each as long as a signature can be valid, so that none is forgotten before it is stale. The memory is of this process. */
export function createReplayGuard(clock: Clock, maxRemembered = MAX_REMEMBERED): ReplayGuard {
  const generationMs = 2 * SIGNATURE_TOLERANCE_SECONDS * 1000;
  let current = new Set<string>();
  let previous = new Set<string>();
  let startedAtMs = clock.now();

  function turnOver(): void {
    const age = clock.now() - startedAtMs;
    if (age <= generationMs && current.size < maxRemembered) return;
    previous = age > 2 * generationMs ? new Set() : current;
    current = new Set();
    startedAtMs = clock.now();
  }

  return {
    remember(signature) {
      turnOver();
      current.add(signature);
    },
    hasServedAsKey(signature) {
      turnOver();
      return current.has(signature) || previous.has(signature);
    },
  };
}
