// Names in a document: what has one is referred to, what has none gets that of its operation, and
// nothing changes its meaning.

import { describe, expect, it } from 'vitest';
import { inlineReferences } from '../../../test/fixtures/inline-references.ts';
import { nameSchemas } from './name-schemas.ts';

const Point = { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } };
const UserId = { type: 'string', maxLength: 9, description: 'A user.' };

const answer = (schema: object) => ({
  '200': { description: 'Default Response', content: { 'application/json': { schema } } },
});
const document = (schema: object, more: object = {}) => ({
  paths: {
    '/a': { get: { operationId: 'getA', summary: 'One a', responses: answer(schema), ...more } },
  },
});

function named(schema: object, more?: object) {
  const made = nameSchemas(document(schema, more), { Point, UserId });
  const shown = JSON.parse(JSON.stringify(made)) as {
    paths: {
      '/a': { get: { responses: Record<string, { content: Record<string, { schema: object }> }> } };
    };
    components: { schemas: Record<string, object>; responses: object; parameters: object };
  };
  const { get } = shown.paths['/a'];
  return {
    ...shown.components,
    response: get.responses['200'],
    schema: get.responses['200']?.content['application/json']?.schema,
    whole: made,
  };
}

describe('naming schemas', () => {
  it('refers to a schema of the table wherever it is written out', () => {
    const { schema, schemas } = named({ type: 'array', items: Point });
    expect(schema).toEqual({ type: 'array', items: { $ref: '#/components/schemas/Point' } });
    expect(schemas).toEqual({ Point });
  });

  it('keeps a description that is not the one of the table beside the reference', () => {
    const { schema, schemas } = named({ ...Point, description: 'Where it is.' });
    expect(schema).toEqual({ $ref: '#/components/schemas/Point', description: 'Where it is.' });
    expect(schemas).toEqual({ Point });
  });

  it('takes a value for the same only with its description, which says what it means', () => {
    const { schema } = named({ type: 'array', items: { ...UserId, description: 'Another.' } });
    expect(schema).toEqual({ type: 'array', items: { ...UserId, description: 'Another.' } });
  });

  it('finds a schema although the library has written its single values otherwise', () => {
    const table = { Done: { type: 'object', properties: { done: { const: true } } } };
    const written = { type: 'object', properties: { done: { enum: [true] } } };
    const made = nameSchemas(document({ type: 'array', items: written }), table);
    expect(JSON.stringify(made)).toContain('#/components/schemas/Done');
  });

  it('names an answer and a body by their operation, and describes an answer by its summary', () => {
    const body = { type: 'object', properties: { y: UserId } };
    const { schema, schemas, response } = named(
      { type: 'object', properties: { points: { type: 'array', items: Point } } },
      { requestBody: { content: { 'application/json': { schema: body } } } },
    );
    expect(schema).toEqual({ $ref: '#/components/schemas/GetAAnswer' });
    expect(Object.keys(schemas)).toEqual(['GetAAnswer', 'GetARequest', 'Point', 'UserId']);
    expect(response).toMatchObject({ description: 'One a.' });
  });

  it('refuses to give one name to two schemas', () => {
    const two = {
      paths: {
        '/a': { get: { operationId: 'getA', responses: answer({ type: 'object', title: 'one' }) } },
        '/b': { get: { operationId: 'getA', responses: answer({ type: 'object', title: 'two' }) } },
      },
    };
    expect(() => nameSchemas(two, {})).toThrow('two schemas would be named GetAAnswer');
  });

  it('writes a value or null in one type', () => {
    const { schema } = named({
      type: 'array',
      items: { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }], description: 'Why.' },
    });
    expect(schema).toMatchObject({
      items: { type: ['string', 'null'], maxLength: 3, description: 'Why.' },
    });
  });

  it('says once what all operations answer and take alike', () => {
    const problem = { content: { 'application/problem+json': { schema: Point } } };
    const parameters = [{ name: 'a_limit', in: 'query', schema: { type: 'integer' } }];
    const made = named(Point, { responses: { ...answer(Point), '4XX': problem }, parameters });
    expect(made.responses).toHaveProperty('Refused');
    expect(made.parameters).toHaveProperty('ALimit');
    expect(inlineReferences(made.whole)).toMatchObject({
      paths: { '/a': { get: { responses: { '4XX': problem }, parameters } } },
    });
  });
});
