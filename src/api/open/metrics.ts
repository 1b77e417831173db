// GET /metrics: metrics of the process in Prometheus' text format. Only operators and monitors may
// read them, because they contain figures of platforms.

import { defineRoute, sent } from '../define-route.ts';
import { findReader, READER_PROBLEMS } from '../http/find-reader.ts';
import { refuseBearer } from '../http/require-operator.ts';

export const metrics = defineRoute({
  operationId: 'metrics',
  method: 'GET',
  url: '/metrics',
  tag: 'health',
  summary: 'Prometheus metrics',
  description:
    'Needs an operator token or the scrape token (`pontis scrape-token`). The metrics port, ' +
    'which `pontis start` prints, needs none.',
  responses: {
    200: {
      description: 'Text format.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  },
  problems: READER_PROBLEMS,
  serve:
    ({ metrics: { contentType, render }, identity, failedTokens }) =>
    async ({ request, reply }) => {
      const reader = await findReader(request, identity);
      if (!reader.ok) return sent(await refuseBearer(request, reply, reader.problem, failedTokens));
      return sent(reply.header('content-type', contentType).send(await render()));
    },
});
