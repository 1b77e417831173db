// Problems of setting or using a platform's connection, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const connectionProblems = defineProblems({
  hosted_platform: {
    status: 409,
    error: 'Platform is hosted',
    advice:
      'The network keeps the points of this platform, so it has no connection; only a ' +
      'platform of custody connected has one.',
  },
  invalid_connection: {
    status: 400,
    error: 'Invalid connection',
    advice:
      'Give the base URL of the platform (http or https; the connector API lies under it ' +
      'at /api/internal/) and the bearer token that it issued to the network.',
  },
  connection_not_found: {
    status: 404,
    error: 'Connection not found',
    advice:
      "Register the platform's address with PUT /operator/connections/{platform_id} or " +
      '`pontis connector set`.',
  },
  platform_unavailable: {
    status: 503,
    error: 'Platform unavailable',
    retryable: true,
    advice:
      'This platform keeps its points itself and does not answer the network at present; ask ' +
      'again a little later. Nothing was changed.',
  },
});
