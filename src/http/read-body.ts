// Reads the body of a request. It stays bytes until the caller is known; then the JSON value
// replaces the bytes.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiProblems } from './problems.ts';
import { answerProblem } from './answer-problem.ts';
import { parseExactJson } from './exact-json.ts';

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Makes the server pass on each body as bytes, whatever its media type. */
export function keepBytes(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
}

/** preValidation: replaces the bytes of the body with its JSON value, or refuses the request. */
export function readBody(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (request.method === 'GET' || request.method === 'HEAD') return done();
  const bytes = request.body instanceof Buffer ? request.body : undefined;
  if (bytes !== undefined && bytes.length > 0) {
    const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } =
      request.headers;
    if (!JSON_TYPE.test(type) || encoding !== 'identity')
      return void answerProblem(request, reply, apiProblems.unsupported_media_type());
  }
  const parsed = parseExactJson(bytes);
  if (!parsed.ok) return void answerProblem(request, reply, parsed.problem);
  request.body = parsed.value;
  done();
}
