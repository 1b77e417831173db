// /docs: the page that shows the documents of the API and signs calls in the browser. The viewer is
// a library's; header, credentials and signing are ours (src/api/docs/page/).

import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Scripts, styles and images from this server only; the page needs inline styles for its widgets.
 * Nothing on it can send what a person has put there to anybody else.
 */
const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' " +
  "data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";

const PREFIX = '/docs';
/** Beside page.js, which imports it; the viewer would load it as a script and not as a module. */
const SIGNING = `${PREFIX}/static/theme/sign-call.js`;

/** Adds the page to the server. */
export async function servePage(server: FastifyInstance): Promise<void> {
  await server.register(swaggerUi, {
    routePrefix: PREFIX,
    staticCSP: PAGE_CSP,
    theme: {
      title: 'Pontis API',
      css: [{ filename: 'page.css', content: read('page.css') }],
      js: [{ filename: 'page.js', content: read('page.js') }],
      favicon: [
        {
          filename: 'icon.svg',
          rel: 'icon',
          type: 'image/svg+xml',
          sizes: 'any',
          content: read('icon.svg'),
        },
      ],
    },
  });
  const signing = read('sign-call.js');
  server.get(SIGNING, { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(signing),
  );
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, 'page', name), 'utf8');
}
