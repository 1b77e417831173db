// GET /connector/openapi.json: the document of what a connected platform implements.

import { Type } from 'typebox';
import { defineRoute, sent } from '../define-route.ts';

/** Of an answer of a version still to come: the serializer gives out all of it. */
const Document = Type.Object({}, { additionalProperties: true, description: 'OpenAPI 3.1.' });

export const getConnectorOpenApi = defineRoute({
  operationId: 'getConnectorOpenApi',
  method: 'GET',
  url: '/connector/openapi.json',
  tag: 'platform',
  summary: 'The document of the connector API',
  description:
    'What a platform implements that keeps its points itself. Compressed where that is accepted; with an ETag, so that it need not be sent again.',
  answer: Document,
  responses: { 304: { type: 'null', description: 'As before (If-None-Match).' } },
  problems: [],
  onSend: ({ connectorDocument }) => connectorDocument.compress,
  serve:
    ({ connectorDocument }) =>
    async ({ request, reply }) =>
      sent(await connectorDocument.answer(request, reply)),
});
