// GET /openapi.json: the document of this API.

import { Type } from 'typebox';
import { defineRoute, sent } from '../define-route.ts';

/** Of an answer of a version still to come: the serializer gives out all of it. */
const Document = Type.Object({}, { additionalProperties: true, description: 'OpenAPI 3.1.' });

export const getOpenApi = defineRoute({
  operationId: 'getOpenApi',
  method: 'GET',
  url: '/openapi.json',
  tag: 'platform',
  summary: 'This document',
  description:
    'Compressed where that is accepted; with an ETag, so that it need not be sent again.',
  answer: Document,
  responses: { 304: { type: 'null', description: 'As before (If-None-Match).' } },
  problems: [],
  onSend: ({ document }) => document.compress,
  serve:
    ({ document }) =>
    async ({ request, reply }) =>
      sent(await document.answer(request, reply)),
});
