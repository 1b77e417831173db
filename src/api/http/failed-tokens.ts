// Delays the answers to calls whose token or signature is not valid. The more calls from a network
// failed lately, the longer the delay. A valid call is never delayed, even from the same network,
// because every call is checked before anything waits.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from 'prom-client';
import { identityProblems } from '../../identity/identity.ts';
import type { Problem } from '../../kernel/problem.ts';
import { securityProblems } from '../../security/security.ts';
import type { ApiParts } from '../parts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { networkOf } from './network-of.ts';

/**
 * Failures of one network in a minute that are answered at once: mistakes happen, and a secret may
 * just have changed.
 */
export const FREE_A_MINUTE = 30;
const FIRST_DELAY_MS = 25;
/** 25 ms doubled six times is 1.6 s, the longest delay. */
const LONGEST_DOUBLINGS = 6;
/**
 * Failures above this are not counted, so that a network is answered at once again after a minute.
 */
const MOST_COUNTED = FREE_A_MINUTE + LONGEST_DOUBLINGS + 1;
const MINUTE_MS = 60_000;
/** The most answers of one network that wait at the same time. */
export const MOST_WAITING = 50;
const MOST_WAITING_OF_ALL = 2_000;
/**
 * The number of networks whose failures are remembered, about 150 bytes each. An attacker with more
 * networks makes the oldest ones be forgotten, which gains no more than one network more.
 */
const REMEMBERED_NETWORKS = 50_000;

/**
 * Codes of the problems that count as a failure. A missing, malformed or late token or signature is
 * not a guess, so it does not count.
 */
const FAILURES: ReadonlySet<string> = new Set(
  [
    securityProblems.token_expired,
    securityProblems.token_invalid,
    securityProblems.token_revoked,
    securityProblems.platform_mismatch,
    securityProblems.digest_mismatch,
    securityProblems.signature_invalid,
    identityProblems.unknown_platform,
    identityProblems.operator_token_invalid,
  ].map((problem) => problem().code),
);

const ANSWERS = ['at_once', 'delayed', 'turned_away'] as const;

interface Failures {
  /** Falls by `FREE_A_MINUTE` each minute. */
  readonly count: number;
  readonly atMs: number;
}

interface Decided extends Failures {
  readonly delayMs: number;
}

/**
 * Decides how the next failure of a network counts, and how long its answer waits: 0, or 25 to
 * 1,600 ms. Pure.
 */
export function decideDelay(before: Failures | undefined, nowMs: number): Decided {
  const passedMs = before === undefined ? 0 : Math.max(0, nowMs - before.atMs);
  const left = Math.max(0, (before?.count ?? 0) - (passedMs * FREE_A_MINUTE) / MINUTE_MS);
  const count = Math.min(MOST_COUNTED, left + 1);
  const doublings = Math.ceil(count - FREE_A_MINUTE) - 1;
  return { count, atMs: nowMs, delayMs: doublings < 0 ? 0 : FIRST_DELAY_MS * 2 ** doublings };
}

/** Waits for `ms` milliseconds, or until the signal is aborted; never rejects. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

const pauseByTimer: Pause = (ms, signal) =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

/** Answers the callers that authentication refuses. */
export interface FailedTokens {
  /**
   * Sends the problem; after a delay when the token or signature is not valid and failures are
   * many.
   */
  answer(request: FastifyRequest, reply: FastifyReply, problem: Problem): Promise<FastifyReply>;
  /** Ends all delays, so that the answers that wait are sent now. */
  close(): void;
}

type Parts = Pick<ApiParts, 'clock' | 'metrics'>;

/** Counts failures in the memory of this process. `pause` is replaced in tests. */
export function createFailedTokens(
  { clock, metrics: { registry } }: Parts,
  pause: Pause = pauseByTimer,
): FailedTokens {
  const failures = new LRUCache<string, Failures>({ max: REMEMBERED_NETWORKS });
  /**
   * Kept apart from `failures`, which may forget a network: a waiting answer is counted until it
   * ends.
   */
  const waitingOf = new Map<string, number>();
  const waiting = new Set<AbortController>();
  let closed = false;
  const answers = new Counter({
    name: 'pontis_failed_tokens_total',
    labelNames: ['answer'],
    registers: [registry],
    help:
      'Calls with a token or signature that is not valid, by answer: at_once, delayed, or ' +
      'turned_away because too many answers waited.',
  });
  for (const answer of ANSWERS) answers.inc({ answer }, 0);

  async function wait(network: string, delayMs: number, reply: FastifyReply): Promise<void> {
    const ended = new AbortController();
    const leave = (): void => ended.abort();
    waiting.add(ended);
    waitingOf.set(network, (waitingOf.get(network) ?? 0) + 1);
    reply.raw.once('close', leave);
    try {
      await pause(delayMs, ended.signal);
    } finally {
      reply.raw.off('close', leave);
      waiting.delete(ended);
      const others = (waitingOf.get(network) ?? 1) - 1;
      if (others > 0) waitingOf.set(network, others);
      else waitingOf.delete(network);
    }
  }

  return {
    async answer(request, reply, problem) {
      if (!FAILURES.has(problem.code)) return answerProblem(request, reply, problem);
      const {
        ip,
        socket: { remoteAddress = '' },
      } = request;
      const network = networkOf(ip) ?? networkOf(remoteAddress) ?? 'unknown';
      const { delayMs, ...counted } = decideDelay(failures.get(network), clock.now());
      failures.set(network, counted);
      if (delayMs === 0 || closed) {
        answers.inc({ answer: 'at_once' });
        return answerProblem(request, reply, problem);
      }
      if (waiting.size >= MOST_WAITING_OF_ALL || (waitingOf.get(network) ?? 0) >= MOST_WAITING) {
        answers.inc({ answer: 'turned_away' });
        return answerProblem(request, reply, securityProblems.too_many_failed_tokens());
      }
      answers.inc({ answer: 'delayed' });
      // After a wrong signature the body has been read; thousands of waiting bodies would fill the
      // memory.
      request.body = undefined;
      await wait(network, delayMs, reply);
      return answerProblem(request, reply, problem);
    },
    close() {
      closed = true;
      for (const ended of waiting) ended.abort();
    },
  };
}
