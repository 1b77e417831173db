// Which ids platforms may link for their users, and which older ids stay valid.

import { describe, expect, it } from 'vitest';
import { faultOfNewUserId, isUserId, showUserId } from './user-id.ts';

describe('a new id of a user', () => {
  it.each([
    'a',
    '1001',
    'ann smith',
    'user@example.org',
    'a/b?c#d%25',
    '积分-7',
    '用户',
    'é',
    'e\u0301',
    '😀',
    '👩‍👩‍👧',
    '❤️',
    'می‌خواهم',
    '葛󠄀',
    'שלום',
    'مرحبا',
    '-',
    '()',
    '…',
    'x'.repeat(128),
    '😀'.repeat(128),
    'a\u00A0b',
  ])('may be %j', (id) => expect([faultOfNewUserId(id), isUserId(id)]).toEqual([undefined, true]));

  it.each([
    ['', 'empty'],
    ['x'.repeat(129), '128'],
    ['😀'.repeat(129), '128'],
    ['a\u0000', 'control'],
    ['a\nb', 'control'],
    ['a\u0085b', 'control'],
    ['\uD83D', 'surrogate'],
    // The twelve characters of UAX #9.
    ...[
      '\u061C',
      '\u200E',
      '\u200F',
      '\u202A',
      '\u202B',
      '\u202C',
      '\u202D',
      '\u202E',
      '\u2066',
      '\u2067',
      '\u2068',
      '\u2069',
    ].map((control) => [`a${control}b`, 'direction']),
    ...[
      ' ',
      '   ',
      '\u00A0',
      '\u3000',
      '\u2003',
      '\u200B',
      '\u200D',
      '\uFE0F',
      '\u2060',
      '\uFEFF',
      '\u00AD',
      '\u034F',
      '\u115F',
      '\u1160',
      '\u3164',
      '\uFFA0',
      '\u17B4',
      '\u180E',
      '\u2800',
      '\u{1D159}',
      '\u{E0041}',
      '\u{E0100}',
      '\u0301',
      '\u{F0000}',
    ].map((blank) => [blank, 'visible']),
    ['a\u200Bb', 'invisible'],
    ['a\u00ADb', 'invisible'],
    ['a\uFEFF', 'invisible'],
    ['a\u{E0041}', 'invisible'],
    ['caf\uFFFD', 'not text'],
    ['a\uFFFE', 'not text'],
    ['a\u2028b', 'not text'],
    [' a', 'space'],
    ['a ', 'space'],
    ['a\u3000', 'space'],
    ['.', 'URL'],
    ['..', 'URL'],
  ] as [string, string][])('may not be %j', (id, fault) =>
    expect(faultOfNewUserId(id)).toContain(fault),
  );

  it('differs from one that only looks the same: nothing is normalised, trimmed or folded', () => {
    expect(['\u00E9', 'e\u0301', 'A', 'a', '\u0430'].map(faultOfNewUserId)).toEqual(
      Array(5).fill(undefined),
    );
  });
});

it('an id that was linked before stays one, as far as it can be written at all', () => {
  expect([' ', ' a', '\u3164', 'a\u202Eb', '\u200B', '..'].map(isUserId)).toEqual(
    Array(6).fill(true),
  );
  expect(['', 'x'.repeat(129), 'a\u0000', '\uD83D'].map(isUserId)).toEqual(Array(4).fill(false));
});

it('an id is shown without what confuses', () => {
  expect(showUserId('a\u202Eb\u200B\n"\uFFFD')).toBe('"a{U+202E}b{U+200B}{U+000A}\\"\uFFFD"');
  expect(showUserId('x'.repeat(200))).toHaveLength(43);
});
