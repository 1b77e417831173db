// Reads evidence from a request and sends it as a file: text or a small file, always as an
// attachment.

import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  disputeProblems,
  EVIDENCE_MEDIA,
  MAX_EVIDENCE_BYTES,
  type Evidence,
  type EvidenceFile,
} from '../../clearing/disputes/disputes.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { formatContentDigest } from '../../security/security.ts';
import { closed, text } from '../../views/schemas.ts';

const NAME = '^[A-Za-z0-9_-][A-Za-z0-9 ._-]{0,119}$';
/** Canonical base64: padded, in one line. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Body of the routes that add evidence. */
export const EvidenceBody = closed(
  {
    name: Type.String({
      pattern: NAME,
      description: 'A file name: letters, digits, spaces, `.`, `_` and `-`.',
      examples: ['receipt.pdf'],
    }),
    text: Type.Optional(
      Type.String({
        maxLength: MAX_EVIDENCE_BYTES,
        description: 'The evidence as text, stored as text/plain in UTF-8; at most 256 KiB.',
      }),
    ),
    media_type: Type.Optional(
      Type.Enum([...EVIDENCE_MEDIA], {
        description: 'The media type of `content`; application/pdf when absent.',
      }),
    ),
    content: Type.Optional(
      text(
        Math.ceil(MAX_EVIDENCE_BYTES / 3) * 4,
        'A file in base64; the file has at most 256 KiB.',
      ),
    ),
  },
  'Exactly one of `text` and `content`.',
);

/**
 * Decodes the file. `evidence_not_base64` if both fields or none are given, if `content` is not
 * canonical base64, or if the file is empty or too large.
 */
export function readEvidence({
  name,
  text: words,
  media_type: mediaType = 'application/pdf',
  content: encoded,
}: Static<typeof EvidenceBody>): Result<EvidenceFile> {
  if ((words === undefined) === (encoded === undefined))
    return refuse(disputeProblems.evidence_not_base64());
  if (encoded !== undefined && !BASE64.test(encoded))
    return refuse(disputeProblems.evidence_not_base64());
  const content =
    words === undefined ? Buffer.from(encoded ?? '', 'base64') : Buffer.from(words.toWellFormed());
  if (content.length === 0 || content.length > MAX_EVIDENCE_BYTES)
    return refuse(disputeProblems.evidence_not_base64());
  return ok({ name, mediaType: words === undefined ? mediaType : 'text/plain', content });
}

/** Sends a file that no browser runs or shows in the page, with its digest (RFC 9530). */
export function sendEvidence(
  reply: FastifyReply,
  { name, mediaType, content }: Evidence & { readonly content: Buffer },
): FastifyReply {
  return reply
    .header(
      'content-type',
      mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType,
    )
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('content-digest', formatContentDigest(content))
    .send(content);
}

/** The documented answer of the routes that send evidence. */
export const evidenceResponse = {
  description: 'The file as it was sent, with Content-Digest.',
  content: Object.fromEntries(EVIDENCE_MEDIA.map((media) => [media, { schema: {} }])),
};
