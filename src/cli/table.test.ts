// Columns are straight in a terminal, with any characters in them.

import { expect, test } from 'vitest';
import { tableLines } from './table.ts';

test('columns are straight beside Chinese text, which is twice as wide', () => {
  expect(
    tableLines([
      ['reward', 'stock'],
      ['10元优惠券', '100'],
      ['free shipping', '7'],
    ]),
  ).toEqual(['reward         stock', '10元优惠券     100', 'free shipping  7']);
});

test('a row may be shorter or longer than the heading, and no line ends in spaces', () => {
  expect(tableLines([['a', 'b'], ['longer'], ['c', 'd', 'e']])).toEqual([
    'a       b',
    'longer',
    'c       d  e',
  ]);
});
