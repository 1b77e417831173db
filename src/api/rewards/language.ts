// Chooses the language of rewards and printed pages by the Accept-Language header of the request.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RewardLanguage } from '../../views/reward.ts';

/**
 * The preferred language, Chinese by default; also sets Content-Language and Vary of the answer.
 */
export function languageFor(request: FastifyRequest, reply: FastifyReply): RewardLanguage {
  const language = prefersEnglish(request.headers['accept-language']) ? 'en' : 'zh';
  reply.header('content-language', language).header('vary', 'accept-language');
  return language;
}

/**
 * True if English is named before Chinese. Weights that differ from the order are rare and ignored.
 */
function prefersEnglish(header: string | undefined): boolean {
  return /\b(en|zh)\b/i.exec(header ?? '')?.[1]?.toLowerCase() === 'en';
}
