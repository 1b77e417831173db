// Answers 405 with Allow for a method that a known path does not have, whichever method that is,
// and 404 for everything else; before the body is read, because it does not matter what is in it.

import type { FastifyInstance } from 'fastify';
import { apiProblems } from './problems.ts';
import { answerProblem, pathOf } from './answer-problem.ts';

/** Call it before the routes are added: it collects the methods of each path. */
export function answerOtherMethods(server: FastifyInstance): void {
  const methodsByUrl = new Map<string, Set<string>>();
  /** Made when the first request asks, by when all routes are there. */
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
  // The hook has answered already; without a handler of its own Fastify would not run it.
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
