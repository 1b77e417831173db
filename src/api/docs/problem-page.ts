// Makes the pages about problems from the modules' tables; `type` of a problem links to them.

import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { problemCatalogue, type CatalogueEntry } from '../problem-catalogue.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 ' +
  '1rem;color:#1a1a1a;background:#fff}' +
  'table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem ' +
  '.6rem;border-bottom:1px solid #ddd}' +
  'h1,code{overflow-wrap:anywhere}' +
  // On a phone the cells of a problem stand below each other.
  '@media(max-width:40rem){thead{display:none}tr{display:block;padding:.5rem 0;border-bottom:1px ' +
  'solid #ddd}td{display:block;border:0;padding:.1rem 0}}' +
  'code{font-size:.9em}a{color:#0b57d0}@media(prefers-color-scheme:dark){body{background:#141414;color:#eee}a{color:#8ab4f8}tr,td,th{border-color:#333}}';

const CSP =
  `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; ` +
  `form-action 'none'; frame-ancestors 'none'`;

/** The documented answer of these routes. */
export const pageResponse = {
  200: { description: 'A page.', content: { 'text/html': { schema: { type: 'string' } } } },
};

/** Sends the page that lists all problems. */
export function sendAllProblems(reply: FastifyReply): FastifyReply {
  return send(reply, 'Problems', table());
}

/** Sends the page about one problem. */
export function sendProblem(reply: FastifyReply, entry: CatalogueEntry): FastifyReply {
  return send(reply, entry.code, description(entry));
}

function send(reply: FastifyReply, title: string, body: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', CSP)
    .send(page(title, body));
}

function table(): string {
  const rows = problemCatalogue.map(
    (entry) =>
      `<tr><td><a href="/problems/${entry.code}"><code>${entry.code}</code></a></td><td>${entry.status}</td><td>${escape(entry.error)}</td><td>${escape(entry.advice)}</td></tr>`,
  );
  return (
    '<p>An answer other than 2xx is a problem (RFC 9457). Nothing is posted when one is ' +
    'answered, except that a 5xx may leave the outcome open: ' +
    'repeat the request with the same idempotency key. When several apply, the first in this ' +
    'list is answered. <a href="/docs">The API</a></p>' +
    `<table><thead><tr><th>code</th><th>status</th><th>error</th><th>what to do</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
  );
}

function description(entry: CatalogueEntry): string {
  const again =
    entry.retryable === true
      ? 'The same request may succeed later.'
      : 'Repeating the same request does not help before something has changed.';
  return `<p><strong>${entry.status} ${escape(entry.error)}</strong></p><p>${escape(entry.advice)}</p><p>${again}</p><p><a href="/problems">All problems</a></p>`;
}

function page(title: string, body: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" ' +
    `content="width=device-width"><title>${title} · Pontis</title>` +
    `<style>${STYLE}</style></head><body><h1>${title}</h1>${body}</body></html>`
  );
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
