// An act that one operator has asked for and another one approves, as operators see it.

import { type Static, Type } from 'typebox';
import { formatMoment } from '../kernel/time.ts';
import type { ActArguments, ActRequest, ActRequestNow } from '../acts/acts.ts';

/** States of a request, as the API names them. */
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
/** A request as it was made and decided. */
export const ActRequestView = Type.Object({
  request_id: Type.String(),
  act: Type.String({ description: 'Its name in the table of acts (docs/operating.md).' }),
  state: Type.String({
    enum: [...ACT_REQUEST_STATES],
    description: '`approved`: it is being done, and is resumed within seconds after a crash.',
  }),
  words: Type.String({ description: 'What will be done.' }),
  arguments: Type.Unsafe<Static<typeof Texts>>({
    ...Texts,
    description: 'A secret is shown as the beginning of its SHA-256.',
  }),
  circumstances: Type.Unsafe<Static<typeof Texts>>({
    ...Texts,
    description: 'Facts that matter to the act, as they were when the request was made.',
  }),
  fingerprint: Type.String({
    description:
      'Hash of the act, its arguments, its words, and the circumstances when it was requested.',
  }),
  reason: Type.String(),
  made_by: Type.String(),
  made_at: Type.String({ description: 'RFC 3339.' }),
  expires_at: Type.String({ description: 'RFC 3339; without approval it has expired then.' }),
  decided_by: TextOrNull,
  decided_at: TextOrNull,
  decision_reason: TextOrNull,
  ended_at: TextOrNull,
  outcome: Type.Union([Texts, Type.Null()], { description: 'The result of the act.' }),
  failed_with: Type.Union([Type.String(), Type.Null()], {
    description: 'The code of the problem that the act met when it was done.',
  }),
});
/** A request with its circumstances now, for the operator who decides it. */
export const ActRequestNowView = Type.Interface([ActRequestView], {
  circumstances_now: Type.Union([Texts, Type.Null()], {
    description: 'The circumstances now; null once it has ended, or if it cannot be done.',
  }),
  fingerprint_now: Type.Union([Type.String(), Type.Null()], {
    description: 'An approval must name this if the circumstances have changed.',
  }),
  obstacle: Type.Union([Type.String(), Type.Null()], { description: 'Why it cannot be done now.' }),
});
/** A request after its approval, with the secrets that the act made. */
export const ApprovedActView = Type.Interface([ActRequestView], {
  secrets: Type.Optional(
    Type.Unsafe<Static<typeof Texts>>({
      ...Texts,
      description: 'Shown only in this answer, such as the token of a new operator.',
    }),
  ),
});
/** Shows a request without its present circumstances. */
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

/** Shows a request with its present circumstances and obstacle. */
export function describeActRequestNow(request: ActRequestNow): Static<typeof ActRequestNowView> {
  return {
    ...describeActRequest(request),
    circumstances_now: request.now === undefined ? null : { ...request.now },
    fingerprint_now: request.fingerprintNow ?? null,
    obstacle: request.obstacle ?? null,
  };
}

/** Shows a request after its approval. Secrets are shown only here, and are not stored. */
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
