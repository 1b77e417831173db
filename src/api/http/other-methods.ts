// Answers 405 with Allow for a method that a known path does not have, and 404 for everything else.

import type { FastifyInstance } from 'fastify';
import { apiProblems } from '../problems.ts';
import { answerProblem } from './answer-problem.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/** Collects the methods of each path as routes are added; call the result once all are there. */
export function watchMethods(server: FastifyInstance): () => void {
  const methodsByUrl = new Map<string, Set<string>>();
  server.addHook('onRoute', ({ url, method }) => {
    const known = methodsByUrl.get(url) ?? new Set();
    for (const name of Array.isArray(method) ? method : [method]) known.add(name);
    methodsByUrl.set(url, known);
  });
  return () => {
    for (const [url, known] of Array.from(methodsByUrl)) {
      const missing = METHODS.filter((method) => !known.has(method));
      // Wildcards and second spellings of a path (/docs/) answer 404 instead.
      if (missing.length === 0 || url.includes('*') || url.endsWith('/')) continue;
      const allow = [...known].toSorted().join(', ');
      server.route({
        method: missing, url, schema: { hide: true },
        // Before the body is read: what is in it does not matter.
        onRequest: (request, reply) => void answerProblem(request, reply.header('allow', allow), apiProblems.method_not_allowed()),
        handler: () => undefined,
      });
    }
    server.setNotFoundHandler((request, reply) => answerProblem(request, reply, apiProblems.not_found()));
  };
}
