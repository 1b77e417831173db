// When a message is sent again: the schedule with its jitter, a receiver's own wish, and when it is
// given up.

import { expect, it } from 'vitest';
import type { EgressReply } from '../../runtime/egress.ts';
import { judgeReply, RETRY_WAITS_MS } from './retry.ts';

const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function answer(status: number, headers: Record<string, string> = {}): EgressReply {
  return { arrived: true, status, headers, text: '' };
}

it('waits longer each time, by up to a fifth more than the schedule says, and gives up after ten attempts', () => {
  const waits = Array.from({ length: 9 }, (_, index) =>
    [0, 1].map((random) => {
      const verdict = judgeReply(answer(500), index + 1, NOW, random);
      return verdict.type === 'retry' ? verdict.dueMs - NOW : undefined;
    }),
  );
  expect(waits).toEqual(RETRY_WAITS_MS.map((wait) => [wait, wait * 1.2]));
  expect(judgeReply(answer(500), 10, NOW, 0)).toEqual({
    type: 'dead',
    status: 500,
    error: 'The answer was 500.',
  });
  const days = RETRY_WAITS_MS.reduce((sum, wait) => sum + wait, 0) / 24 / HOUR_MS;
  expect([days > 3, days * 1.2 < 5]).toEqual([true, true]);
});

it.each([200, 201, 202, 204, 299])('%i is delivered', (status) => {
  expect(judgeReply(answer(status), 1, NOW, 0)).toEqual({ type: 'delivered', status });
});

it.each([100, 199, 300, 302, 400, 401, 404, 409, 429, 500, 503])('%i is tried again', (status) => {
  expect(judgeReply(answer(status), 1, NOW, 0)).toMatchObject({ type: 'retry', status });
});

it('410 is the end', () => {
  expect(judgeReply(answer(410), 1, NOW, 0)).toMatchObject({ type: 'gone' });
});

it.each([
  ['120', 120_000],
  ['3', 5_000],
  ['0', 5_000],
  ['-1', 5_000],
  ['soon', 5_000],
  ['', 5_000],
  ['999999999', 24 * HOUR_MS],
  ['1.5', 5_000],
  [new Date(NOW + 600_000).toUTCString(), 600_000],
  [new Date(NOW - 600_000).toUTCString(), 5_000],
  [new Date(NOW + 100 * HOUR_MS).toUTCString(), 24 * HOUR_MS],
])('Retry-After %j puts it off to %i ms from now', (text, wait) => {
  expect(judgeReply(answer(503, { 'retry-after': text }), 1, NOW, 0)).toMatchObject({
    dueMs: NOW + wait,
  });
});

it.each(['refused', 'unreachable', 'timeout', 'reset', 'malformed'] as const)(
  '%s is tried again, and told without what the connection said',
  (reason) => {
    const verdict = judgeReply(
      { arrived: false, reason, detail: 'connect ECONNREFUSED 10.0.0.7:5432' },
      1,
      NOW,
      0,
    );
    expect(verdict).toMatchObject({ type: 'retry', status: null });
    expect(JSON.stringify(verdict)).not.toContain('10.0.0.7');
  },
);
