// Caches a document that is the same for every caller until the program changes: it is written and
// compressed once, and not sent again to a caller that has it.

import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

const compress = promisify(gzip);

interface Written {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** One cached document. */
export interface CachedDocument {
  answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  /** The onSend hook of the same route: replaces the answer by its compressed form. */
  compress(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown>;
}

/** Creates the cache; `write` is called at the first request. */
export function createCachedDocument(write: () => unknown): CachedDocument {
  let written: Promise<Written> | undefined;

  async function prepare(): Promise<Written> {
    const plain = Buffer.from(JSON.stringify(write()));
    return {
      plain,
      gzipped: await compress(plain),
      etag: hash('sha256', plain, 'base64url').slice(0, 27),
    };
  }

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { plain, etag } = await (written ??= prepare());
    const compressed = takesGzip(request);
    // Each form has its own ETag (RFC 9110, 8.8.3.3).
    const tag = `"${etag}${compressed ? '-gzip' : ''}"`;
    reply
      .header('etag', tag)
      .header('vary', 'Accept-Encoding')
      .header('cache-control', 'public, no-cache');
    if (hasIt(String(request.headers['if-none-match'] ?? ''), etag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(plain);
  }

  return {
    answer,
    async compress(request, reply, payload) {
      if (reply.statusCode !== 200 || written === undefined || !takesGzip(request)) return payload;
      reply.header('content-encoding', 'gzip').removeHeader('content-length');
      return (await written).gzipped;
    },
  };
}

function takesGzip({ headers }: FastifyRequest): boolean {
  return String(headers['accept-encoding'] ?? '')
    .split(',')
    .some((item) =>
      /^\s*(gzip|x-gzip|\*)\s*(;\s*q\s*=\s*(1(\.0*)?|0?\.\d*[1-9]\d*)\s*)?$/i.test(item),
    );
}

/** Compares weakly: the ETag of either form means the same content. */
function hasIt(known: string, etag: string): boolean {
  return (
    known.trim() === '*' ||
    known
      .split(',')
      .some((item) => [`"${etag}"`, `"${etag}-gzip"`].includes(item.trim().replace(/^W\//, '')))
  );
}
