// GET /openapi.json: the document of this API.

import { Type } from 'typebox';
import { defineRoute, sent } from '../define-route.ts';

/** Without the fields of the document: the serializer sends all of them. */
const Document = Type.Object({}, { additionalProperties: true, description: 'OpenAPI 3.1.' });

export const getOpenApi = defineRoute({
  operationId: 'getOpenApi',
  method: 'GET',
  url: '/openapi.json',
  tag: 'platform',
  summary: 'This document',
  description:
    'Compressed if the caller accepts gzip. Sent with an ETag, so that an unchanged document ' +
    'is not sent again.',
  answer: Document,
  responses: { 304: { type: 'null', description: 'Not changed (If-None-Match).' } },
  problems: [],
  onSend: ({ document }) => document.compress,
  serve:
    ({ document }) =>
    async ({ request, reply }) =>
      sent(await document.answer(request, reply)),
});
