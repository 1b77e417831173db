// What breaks callers and what does not, rule by rule.

import { describe, expect, it } from 'vitest';
import { findBreakingChanges, unsaidChanges } from './breaking-changes.ts';

type Change = readonly [what: string, before: object, after: object, found: string | undefined];

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const object = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  required,
  properties,
});
const closed = (properties: object, required: readonly string[] = []) => ({
  ...object(properties, required),
  additionalProperties: false,
});
const text = { type: 'string' };

const document = (operation: object): object => ({
  paths: { '/a': { post: { responses: { '200': json({}) }, ...operation } } },
});

function changesOf(before: object, after: object): string[] {
  return findBreakingChanges(document(before), document(after)).map(({ change }) => change);
}

const answering: readonly Change[] = [
  ['a field less', object({ a: text }), object({}), '200.a is gone'],
  ['a field more', object({}), object({ a: text }), undefined],
  [
    'a field that may be absent',
    object({ a: text }, ['a']),
    object({ a: text }),
    '200.a may be absent',
  ],
  ['another type', object({ a: text }), object({ a: { type: 'number' } }), '200.a may be number'],
  [
    'null besides',
    object({ a: text }),
    object({ a: { type: ['string', 'null'] } }),
    '200.a may be null',
  ],
  ['one value more', { enum: ['a'] }, { enum: ['a', 'b'] }, '200 may be "b"'],
  ['one value less', { enum: ['a', 'b'] }, { enum: ['a'] }, undefined],
  ['integers instead of numbers', { type: 'number' }, { type: 'integer' }, undefined],
  ['numbers instead of integers', { type: 'integer' }, { type: 'number' }, '200 may be number'],
  [
    'a field less in a list',
    { items: object({ a: text }) },
    { items: object({}) },
    '200[].a is gone',
  ],
  ['other words', object({ a: text }), object({ a: { ...text, description: 'x' } }), undefined],
];
const asking: readonly Change[] = [
  ['a field more', closed({}), closed({ a: text }), undefined],
  ['a required field more', closed({}), closed({ a: text }, ['a']), 'body.a is required'],
  ['a field less', closed({ a: text }), closed({}), 'body.a is not taken any more'],
  ['a field less where others are let in', object({ a: text }), object({}), undefined],
  ['one value less', { enum: ['a', 'b'] }, { enum: ['a'] }, 'body does not take "b" any more'],
  ['one value more', { enum: ['a'] }, { enum: ['a', 'b'] }, undefined],
  ['any text instead of values', { enum: ['a'] }, text, undefined],
  ['values instead of any text', text, { enum: ['a'] }, 'body does not take string any more'],
  ['one type less', { type: ['number', 'string'] }, text, 'body does not take number any more'],
  [
    'shorter text',
    { ...text, maxLength: 9 },
    { ...text, maxLength: 8 },
    'maxLength of body is narrower',
  ],
  ['longer text', { ...text, maxLength: 8 }, { ...text, maxLength: 9 }, undefined],
  ['a new bound', text, { ...text, maxLength: 8 }, 'maxLength of body is narrower'],
  ['a higher least', { minimum: 1 }, { minimum: 2 }, 'minimum of body is narrower'],
  ['another pattern', { pattern: 'a' }, { pattern: 'b' }, 'pattern of body is narrower'],
];

describe('an answer', () => {
  it.each(answering)('with %s', (_what, before, after, found) => {
    expect(
      changesOf({ responses: { '200': json(before) } }, { responses: { '200': json(after) } }),
    ).toEqual(found === undefined ? [] : [found]);
  });

  it('of another status or content type breaks', () => {
    const one = { responses: { '200': json({}) } };
    expect(changesOf(one, { responses: { '202': json({}) } })).toEqual([
      '200 is not answered any more',
      '202 is answered, which was not',
    ]);
    const csv = { responses: { '200': { content: { 'text/csv': {} } } } };
    expect(changesOf(one, csv)).toEqual(['200 is not answered as application/json any more']);
  });
});

describe('a body', () => {
  it.each(asking)('with %s', (_what, before, after, found) => {
    expect(changesOf({ requestBody: json(before) }, { requestBody: json(after) })).toEqual(
      found === undefined ? [] : [found],
    );
  });

  it('that is required now breaks', () => {
    expect(changesOf({}, { requestBody: { required: true, ...json({}) } })).toEqual([
      'a body is required',
    ]);
  });
});

const by = (before: object[], after: object[]): string[] =>
  changesOf({ parameters: before }, { parameters: after });

describe('a parameter', () => {
  const limit = { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } };
  it('that is gone, required or narrower breaks; a new one does not', () => {
    expect(by([limit], [])).toEqual(['the parameter limit is gone']);
    expect(by([limit], [{ ...limit, required: true }])).toEqual([
      'the parameter limit is required',
    ]);
    expect(by([limit], [{ ...limit, schema: { type: 'integer', maximum: 10 } }])).toEqual([
      'maximum of limit is narrower',
    ]);
    expect(by([], [limit])).toEqual([]);
  });
});

describe('an operation', () => {
  it('that is gone, or proves its caller otherwise, breaks; a new one does not', () => {
    const one = { paths: { '/a': { get: { responses: {} } } } };
    expect(findBreakingChanges(one, { paths: {} })).toEqual([
      { operation: 'GET /a', change: 'the operation is gone' },
    ]);
    expect(findBreakingChanges({ paths: {} }, one)).toEqual([]);
    expect(changesOf({ security: [{ a: [] }] }, { security: [{ b: [] }] })).toEqual([
      'who may call it is proven otherwise',
    ]);
  });
});

describe('a break that the version says', () => {
  const gone = [{ operation: 'GET /a', change: 'the operation is gone' }];
  const changelog = '## [0.3.0]\n\n### Removed\n\n- `GET /a`; use `GET /b`.\n\n## [0.2.0]\n';

  it('is named in the changelog of a version that has risen', () => {
    expect(unsaidChanges(gone, '0.2.0', '0.3.0', changelog)).toEqual([]);
    expect(unsaidChanges(gone, '0.2.0', '0.2.1', changelog)).toEqual(gone);
    expect(unsaidChanges(gone, '0.2.0', '0.2.0', changelog)).toEqual(gone);
    expect(unsaidChanges(gone, '1.2.0', '1.3.0', changelog.replaceAll('0.3', '1.3'))).toEqual(gone);
    expect(unsaidChanges(gone, '0.2.0', '1.0.0', changelog.replaceAll('0.3', '1.0'))).toEqual([]);
  });

  it('is not said by another group, another version or another path', () => {
    const added = changelog.replace('Removed', 'Added');
    expect(unsaidChanges(gone, '0.2.0', '0.3.0', added)).toEqual(gone);
    expect(unsaidChanges(gone, '0.2.0', '0.4.0', changelog)).toEqual(gone);
    expect(unsaidChanges(gone, '0.2.0', '0.3.0', changelog.replace('GET /a', '/ab'))).toEqual(gone);
  });
});
