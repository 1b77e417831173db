// Serves the tables of routes; platform and operator routes stand behind the authentication of
// their side.

import type { FastifyInstance } from 'fastify';
import { keepBytes, readBody } from '../http/read-body.ts';
import type { RouteParts } from './define-route.ts';
import { requireSignature, requireToken } from './http/authenticate.ts';
import { callerOf, operatorOf } from './http/request-fields.ts';
import { requireOperator } from './http/require-operator.ts';
import { openRoutes, operatorRoutes, platformRoutes } from './routes.ts';

/** Adds all routes to the server; call it once, after the hooks that hold for every route. */
export async function serveRoutes(server: FastifyInstance, parts: RouteParts): Promise<void> {
  const { failedTokens } = parts;

  await server.register(async (api) => {
    keepBytes(api);
    api.addHook('onRequest', requireToken(parts, failedTokens));
    api.addHook('preValidation', requireSignature(parts, failedTokens));
    api.addHook('preValidation', readBody);
    for (const row of platformRoutes)
      row.route.addTo(api, {
        parts,
        config: { row },
        whoOf: (request) => ({ caller: callerOf(request) }),
      });
  });

  await server.register(async (operator) => {
    keepBytes(operator);
    operator.addHook('onRequest', requireOperator(parts, failedTokens));
    operator.addHook('preValidation', readBody);
    for (const row of operatorRoutes)
      row.route.addTo(operator, {
        parts,
        config: { row },
        whoOf: (request) => ({ operator: operatorOf(request) }),
      });
  });

  for (const row of openRoutes)
    row.route.addTo(server, { parts, config: { row }, whoOf: () => ({}) });
}
