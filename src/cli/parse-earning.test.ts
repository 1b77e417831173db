// Reads rows of earnings, and reports the fault of a row that cannot be read.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRowParser, floorToScale, parseMap, parseMoment } from './parse-earning.ts';

describe('the column map', () => {
  it('names columns by meaning', () => {
    expect(parseMap('user=customer_id,amount=amount_gbp,reference=invoice_no')).toEqual({
      user: 'customer_id',
      amount: 'amount_gbp',
      reference: 'invoice_no',
    });
    expect(parseMap('user=a=b, amount=c ,reference=d,occurred_at=e')).toEqual({
      user: 'a=b',
      amount: 'c',
      reference: 'd',
      occurred_at: 'e',
    });
  });

  it.each([
    ['user=a,amount=b', 'reference'],
    ['', 'means nothing'],
    ['user=,amount=b,reference=c', 'names no column'],
    ['user=a,user=b,amount=c,reference=d', 'twice'],
    ['user=a,amount=b,reference=c,colour=d', '"colour" means nothing'],
  ])('%j is refused', (text, reason) => expect(parseMap(text)).toContain(reason));
});

describe('an amount', () => {
  it.each([
    ['139.12', 2, 13_912n],
    ['-5', 2, -500n],
    ['+5', 2, 500n],
    ['0.009', 2, 0n],
    ['1.239', 2, 123n],
    ['-1.239', 2, -123n],
    ['7.', 2, 700n],
    ['12', 0, 12n],
    ['0', 2, 0n],
    ['-0.00', 2, 0n],
    ['10000000000000.00', 2, 10n ** 15n],
  ])('%s at scale %i is %s', (text, scale, minor) => expect(floorToScale(text, scale)).toBe(minor));

  it.each(['', 'abc', '1,5', '1e3', '.5', '--1', '£3', 'NaN', '10000000000000.01', '1'.repeat(40)])(
    '%j is none',
    (text) => {
      expect(typeof floorToScale(text, 2)).toBe('string');
    },
  );

  it('is never rounded up, whatever the digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.integer({ min: 0, max: 999_999 }),
        (whole, fraction) => {
          const text = `${whole}.${String(fraction).padStart(6, '0')}`;
          const minor = floorToScale(text, 2);
          expect(minor).toBe((BigInt(whole) * 1_000_000n + BigInt(fraction)) / 10_000n);
          expect(floorToScale(`-${text}`, 2)).toBe(-(minor as bigint));
        },
      ),
    );
  });
});

describe('a moment', () => {
  it.each([
    ['2010-12-01 08:26:00', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01T08:26:00Z', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01', '2010-12-01T00:00:00.000Z'],
    ['2010-12-01T08:26', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01T08:26:00.5+0800', '2010-12-01T00:26:00.500Z'],
    ['2012-02-29', '2012-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, iso) =>
    expect(new Date(parseMoment(text) as number).toISOString()).toBe(iso),
  );

  it.each([
    '01/12/2010',
    '2010-13-01',
    '2011-02-29',
    '2010-02-30 10:00',
    '2010-12-01 25:00',
    'yesterday',
    '2010-12-01T08:26:00 GMT',
  ])('%s is none', (text) => {
    expect(parseMoment(text)).toContain('not a date');
  });
});

describe('a row', () => {
  const map = { user: 'id', amount: 'sum', reference: 'no', occurred_at: 'at' };
  const parser = createRowParser([' no', 'id', 'at', 'sum '], map, 2);
  const parse = (...fields: string[]) => (typeof parser === 'string' ? parser : parser(fields));

  it('is read by the columns of the header', () => {
    expect(parse('7', 'ann', '2020-01-01', '-1.50')).toEqual({
      userId: 'ann',
      amount: -150n,
      reference: '7',
      occurredAtMs: Date.UTC(2020, 0, 1),
    });
    expect(parse('7', 'ann', '', '1')).toMatchObject({ occurredAtMs: undefined });
  });

  it.each([
    [['', 'ann', '', '1'], 'has no reference'],
    [['7', '', '', '1'], 'has no user'],
    [['7', 'a\u0000b', '', '1'], 'control'],
    [['caf\uFFFD', 'ann', '', '1'], 'not text'],
    [['7', 'a'.repeat(129), '', '1'], '128 characters'],
    [['7', 'ann', 'x', '1'], 'not a date'],
    [['7', 'ann', '', 'x'], 'not a decimal'],
  ])('%j is told: %s', (fields, reason) => expect(parse(...fields)).toContain(reason));

  it('has its user exactly as it stands, counted as the API counts', () => {
    for (const userId of [' ann ', ' ', '\u00A0ann', '😀'.repeat(128)])
      expect(parse('7', userId, '', ' 1 ')).toMatchObject({ userId });
    expect(parse('7', '😀'.repeat(129), '', '1')).toContain('128 characters');
  });

  it('needs its columns in the header, once', () => {
    expect(createRowParser(['id', 'sum', 'at'], map, 2)).toContain('no column "no"');
    expect(createRowParser(['id', 'sum', 'at', 'no', 'sum'], map, 2)).toContain('"sum" twice');
  });
});
