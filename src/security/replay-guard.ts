// Remembers which idempotency key a signature came with: X-Signature does not cover that header, so a captured request could otherwise be sent again under another key.

import { ok, refuse, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import { securityProblems } from './problems.ts';
import { SIGNATURE_TOLERANCE_SECONDS } from './request-signature.ts';

export interface ReplayGuard {
  /** Refuses a signature seen before with another key. The same pair again is a retry and passes. */
  admit(signature: string, key: string): Result<string>;
}

/** Per generation, about 100 bytes each. Beyond it the oldest generation is forgotten early. */
const MAX_REMEMBERED = 500_000;

/**
 * Two generations, each as long as the whole time a signature can be valid, so that none is forgotten before it is stale.
 * The memory is of this process; requests without an Idempotency-Key are safe everywhere, for their signature is their key.
 */
export function createReplayGuard(clock: Clock, maxRemembered = MAX_REMEMBERED): ReplayGuard {
  const generationMs = 2 * SIGNATURE_TOLERANCE_SECONDS * 1000;
  let current = new Map<string, string>();
  let previous = new Map<string, string>();
  let startedAtMs = clock.now();
  return {
    admit(signature, key) {
      const now = clock.now();
      if (now - startedAtMs > generationMs || current.size >= maxRemembered) {
        previous = now - startedAtMs > 2 * generationMs ? new Map() : current;
        current = new Map();
        startedAtMs = now;
      }
      const seen = current.get(signature) ?? previous.get(signature);
      if (seen === undefined) current.set(signature, key);
      else if (seen !== key) return refuse(securityProblems.signature_replayed());
      return ok(key);
    },
  };
}
