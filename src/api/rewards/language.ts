// In which language the texts of rewards, and the printed pages, are told.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RewardLanguage } from '../../views/reward.ts';

/** The language that the request prefers; says so in the headers of the answer. */
export function languageFor(request: FastifyRequest, reply: FastifyReply): RewardLanguage {
  const language = prefersEnglish(request.headers['accept-language']) ? 'en' : 'zh';
  reply.header('content-language', language).header('vary', 'accept-language');
  return language;
}

/**
 * True when English is named before Chinese; weights other than order are rare enough to leave out.
 */
function prefersEnglish(header: string | undefined): boolean {
  return /\b(en|zh)\b/i.exec(header ?? '')?.[1]?.toLowerCase() === 'en';
}
