// Why a connection of a platform cannot be set or used, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const connectionProblems = defineProblems({
  hosted_platform: {
    status: 409,
    error: 'Platform is hosted',
    advice:
      'The points of this platform are kept by the network, so it has no connection; only a ' +
      'platform of custody connected has one.',
  },
  invalid_connection: {
    status: 400,
    error: 'Invalid connection',
    advice:
      'Give the base URL at which the platform answers (http or https; the API lies under it ' +
      'at /api/internal/) and the bearer token that it issued to the network.',
  },
  connection_not_found: {
    status: 404,
    error: 'Connection not found',
    advice:
      'Register where the platform answers with PUT /operator/connections/{platform_id} or ' +
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
