// When a window is due: at its time in the network's zone, also over changes of the clocks.

import { expect, test } from 'vitest';
import { isDue } from './schedule.ts';
import type { Schedule } from './types.ts';

const due = (schedule: Schedule, opened: string, now: string, zone = 'Asia/Shanghai'): boolean =>
  isDue(schedule, Date.parse(opened), Date.parse(now), zone);
const at = (time: string): Schedule => ({ kind: 'daily', at: time });

test.each([
  [
    'daily, before its time',
    at('02:00'),
    '2026-03-01T18:00:00Z',
    '2026-03-02T17:59:59Z',
    'Asia/Shanghai',
    false,
  ],
  [
    'daily, at its time',
    at('02:00'),
    '2026-03-01T18:00:00Z',
    '2026-03-02T18:00:00Z',
    'Asia/Shanghai',
    true,
  ],
  [
    'daily, opened a moment after it',
    at('02:00'),
    '2026-03-02T18:00:01Z',
    '2026-03-02T23:00:00Z',
    'Asia/Shanghai',
    false,
  ],
  [
    'daily, missed for days',
    at('02:00'),
    '2026-03-01T18:00:00Z',
    '2026-03-09T00:00:00Z',
    'Asia/Shanghai',
    true,
  ],
  [
    'daily, a time that the clocks leave out',
    at('02:30'),
    '2026-03-28T12:00:00Z',
    '2026-03-29T01:29:00Z',
    'Europe/Berlin',
    false,
  ],
  [
    'daily, an hour after a time that the clocks leave out',
    at('02:30'),
    '2026-03-28T12:00:00Z',
    '2026-03-29T01:30:00Z',
    'Europe/Berlin',
    true,
  ],
  [
    'daily, a time that the clocks show twice: at the first',
    at('02:30'),
    '2026-10-24T12:00:00Z',
    '2026-10-25T00:30:00Z',
    'Europe/Berlin',
    true,
  ],
  [
    'daily, a time that the clocks show twice: not again',
    at('02:30'),
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:45:00Z',
    'Europe/Berlin',
    false,
  ],
  [
    'every ten minutes, too early',
    { kind: 'every', minutes: 10 },
    '2026-03-01T00:00:00Z',
    '2026-03-01T00:09:59Z',
    'UTC',
    false,
  ],
  [
    'every ten minutes',
    { kind: 'every', minutes: 10 },
    '2026-03-01T00:00:00Z',
    '2026-03-01T00:10:00Z',
    'UTC',
    true,
  ],
  ['by hand', { kind: 'none' }, '2026-03-01T00:00:00Z', '2027-03-01T00:00:00Z', 'UTC', false],
] as const)('%s', (_title, schedule, opened, now, zone, expected) => {
  expect(due(schedule, opened, now, zone)).toBe(expected);
});
