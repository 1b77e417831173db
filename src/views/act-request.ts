// An act that one operator has asked for and another one approves, as operators see it.

import { type Static, Type } from 'typebox';
import { formatMoment } from '../kernel/time.ts';
import type { ActArguments, ActRequest, ActRequestNow } from '../acts/acts.ts';

export const ACT_REQUEST_STATES = [
  'open',
  'approved',
  'done',
  'failed',
  'rejected',
  'withdrawn',
  'expired',
] as const;

const Texts = Type.Record(Type.String(), Type.String());
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
export const ActRequestView = Type.Object({
  request_id: Type.String(),
  act: Type.String({ description: 'Its name in the table of acts (docs/operating.md).' }),
  state: Type.String({
    enum: [...ACT_REQUEST_STATES],
    description: '`approved`: it is being done; a crash between is mended within seconds.',
  }),
  words: Type.String({ description: 'What will be done.' }),
  arguments: Type.Unsafe<Static<typeof Texts>>({
    ...Texts,
    description: 'Of what nobody may see, the beginning of its SHA-256.',
  }),
  circumstances: Type.Unsafe<Static<typeof Texts>>({
    ...Texts,
    description: 'What mattered when it was asked.',
  }),
  fingerprint: Type.String({
    description:
      'Stands for the act, its arguments, its words and the circumstances when it was asked.',
  }),
  reason: Type.String(),
  made_by: Type.String(),
  made_at: Type.String({ description: 'RFC 3339.' }),
  expires_at: Type.String({ description: 'RFC 3339; without approval it has expired then.' }),
  decided_by: TextOrNull,
  decided_at: TextOrNull,
  decision_reason: TextOrNull,
  ended_at: TextOrNull,
  outcome: Type.Union([Texts, Type.Null()], { description: 'What came of it.' }),
  failed_with: Type.Union([Type.String(), Type.Null()], {
    description: 'The code of the problem that the act met when it was done.',
  }),
});
export const ActRequestNowView = Type.Interface([ActRequestView], {
  circumstances_now: Type.Union([Texts, Type.Null()], {
    description: 'What matters to it now; null once it has ended, or cannot be done.',
  }),
  fingerprint_now: Type.Union([Type.String(), Type.Null()], {
    description: 'What an approval has to name where circumstances have changed.',
  }),
  obstacle: Type.Union([Type.String(), Type.Null()], { description: 'Why it cannot be done now.' }),
});
export const ApprovedActView = Type.Interface([ActRequestView], {
  secrets: Type.Optional(
    Type.Unsafe<Static<typeof Texts>>({
      ...Texts,
      description: 'Told here and nowhere else, such as the token of a new operator.',
    }),
  ),
});
export function describeActRequest(request: ActRequest): Static<typeof ActRequestView> {
  return {
    request_id: request.requestId,
    act: request.act,
    state: request.state,
    words: request.words,
    arguments: { ...request.arguments },
    circumstances: { ...request.circumstances },
    fingerprint: request.fingerprint,
    reason: request.reason,
    made_by: request.madeBy,
    made_at: formatMoment(request.madeAt),
    expires_at: formatMoment(request.expiresAt),
    decided_by: request.decidedBy,
    decided_at: formatMoment(request.decidedAt),
    decision_reason: request.decisionReason,
    ended_at: formatMoment(request.endedAt),
    outcome: request.outcome === null ? null : { ...request.outcome },
    failed_with: request.failedWith,
  };
}

export function describeActRequestNow(request: ActRequestNow): Static<typeof ActRequestNowView> {
  return {
    ...describeActRequest(request),
    circumstances_now: request.now === undefined ? null : { ...request.now },
    fingerprint_now: request.fingerprintNow ?? null,
    obstacle: request.obstacle ?? null,
  };
}

/** Secrets are told with the approval, and kept nowhere. */
export function describeApprovedAct({
  request,
  secrets,
}: {
  readonly request: ActRequest;
  readonly secrets: ActArguments;
}): Static<typeof ApprovedActView> {
  return {
    ...describeActRequest(request),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets: { ...secrets } }),
  };
}
