// POST /api/ping: checks token and signature and posts nothing, so that integrators can test their
// signing.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';
import { Success, UnixSeconds } from '../../views/schemas.ts';

export const ping = defineRoute({
  operationId: 'ping',
  method: 'POST',
  url: '/api/ping',
  tag: 'platform',
  summary: 'Check token and signature',
  description: 'Any JSON object is accepted as the body and ignored. Posts nothing.',
  body: Type.Object({}, { additionalProperties: true }),
  answer: Type.Object({
    success: Success,
    platform_id: Type.String(),
    timestamp: UnixSeconds,
  }),
  problems: [],
  serve:
    ({ clock }) =>
    ({ caller: { platform } }) =>
      ok({
        success: true as const,
        platform_id: platform.platformId,
        timestamp: Math.floor(clock.now() / 1000),
      }),
});
