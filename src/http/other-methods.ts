// Answers 405 with an Allow header when a known path does not have the method, and 404 for
// everything else. It answers before the body is read, because the body does not matter.

import type { FastifyInstance } from 'fastify';
import { apiProblems } from './problems.ts';
import { answerProblem, pathOf } from './answer-problem.ts';

/** Must be called before the routes are added, because it collects the methods of each path. */
export function answerOtherMethods(server: FastifyInstance): void {
  const methodsByUrl = new Map<string, Set<string>>();
  /** Built at the first request that needs it; all routes exist by then. */
  let known: readonly { readonly path: RegExp; readonly allow: string }[] | undefined;

  server.addHook('onRoute', ({ url, method }) => {
    // Wildcards and second spellings of a path (/docs/) answer 404 instead.
    if (url.includes('*') || url.endsWith('/')) return;
    const methods = methodsByUrl.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsByUrl.set(url, methods);
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    known ??= [...methodsByUrl].map(([url, methods]) => ({
      path: patternOf(url),
      allow: [...methods].toSorted().join(', '),
    }));
    const path = decodeURI(pathOf(request));
    const found = known.find((route) => route.path.test(path));
    if (found === undefined) return void answerProblem(request, reply, apiProblems.not_found());
    answerProblem(request, reply.header('allow', found.allow), apiProblems.method_not_allowed());
  });
  // The hook above has answered already; Fastify runs it only when a not-found handler is set.
  server.setNotFoundHandler((request, reply) =>
    answerProblem(request, reply, apiProblems.not_found()),
  );
}

function patternOf(url: string): RegExp {
  const segments = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part)));
  return new RegExp(`^${segments.join('/')}$`);
}
