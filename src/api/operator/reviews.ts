// /operator/reviews: transfers that a review rule has set aside, and the operator's word on them.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { formatId, parseId, type PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, type Asset, type PostedLeg, type TransferCommand } from '../../ledger/ledger.ts';
import { toPoints } from '../amounts.ts';
import { textOf } from '../details.ts';
import { answerProblem } from '../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, Points, problemResponses, text } from '../schemas.ts';

const ReviewView = Type.Object({
  hold_id: Type.String(),
  platform_id: Type.String(),
  target_platform: Type.String(),
  from_member_id: Type.String(),
  to_member_id: Type.String(),
  amount: Points,
  rule: Type.String(),
  reason: Type.String(),
  category: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
  asked_at: Type.String({ description: 'RFC 3339; without an answer the points are free again seven days later.' }),
});
const Params = closed({ hold_id: Type.String({ pattern: '^hold_[0-9a-f]{32}$' }) });
const Query = closed({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when absent.' })) });
const Word = closed({ reason: text(200, 'Why; kept with the transaction.') });
const Answer = Type.Object({ hold_id: Type.String(), status: Type.String(), transaction_id: Type.String() });

type Handler = (parts: ApiParts, waiting: Waiting, operatorId: string, reason: string) => ReturnType<ApiParts['ledger']['submit']>;

/** What an operator can say of a waiting transfer, and what is submitted then. */
const words: Readonly<Record<'approve' | 'reject', { readonly status: string; readonly summary: string; readonly submit: Handler }>> = {
  approve: { status: 'completed', summary: 'Let a transfer pass', submit: approve },
  reject: { status: 'rejected', summary: 'Turn a transfer down', submit: reject },
};

export function reviews(server: FastifyInstance, parts: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>('/operator/reviews', {
    schema: {
      operationId: 'listReviews', tags: ['operator'], summary: 'Transfers that wait for an operator', description: 'Oldest first.',
      querystring: Query, response: { 200: Type.Object({ reviews: Type.Array(ReviewView) }), ...problemResponses },
    },
  }, (request) => parts.ledger.listReviews(request.query.limit ?? 100).then((waiting) => ({ reviews: waiting.map((leg) => describe(leg, parts)) })));

  for (const [name, word] of Object.entries(words)) {
    server.post<{ Params: Static<typeof Params>; Body: Static<typeof Word> }>(`/operator/reviews/:hold_id/${name}`, {
      schema: {
        operationId: `${name}Review`, tags: ['operator'], summary: word.summary,
        description: name === 'approve' ? 'The transfer is posted at the terms of this moment, under all rules but those that ask for a review.' : 'The points are available again.',
        params: Params, body: Word, response: { 200: Answer, ...problemResponses },
      },
    }, (request, reply) => decide(request, reply, parts, word));
  }
}

async function decide(
  request: FastifyRequest<{ Params: Static<typeof Params>; Body: Static<typeof Word> }>, reply: FastifyReply, parts: ApiParts, word: (typeof words)['approve'],
): Promise<Static<typeof Answer> | FastifyReply> {
  const waiting = await findWaiting(parts, request.params.hold_id);
  if (!waiting.ok) return answerProblem(request, reply, waiting.problem);
  const hold = await parts.ledger.findHold(waiting.value.leg.transactionId);
  if (hold !== undefined && hold.state !== 'held') return answerProblem(request, reply, ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
  const outcome = await word.submit(parts, waiting.value, operatorOf(request).operatorId, request.body.reason);
  if (!outcome.ok) return answerProblem(request, reply, outcome.problem);
  return { hold_id: request.params.hold_id, status: word.status, transaction_id: formatId('txn', outcome.transaction.transactionId) };
}

interface Waiting {
  readonly leg: PostedLeg;
  readonly source: Asset;
  readonly target: Asset;
}

async function findWaiting({ ledger }: ApiParts, publicId: string): Promise<Result<Waiting>> {
  const holdId = parseId('hold', publicId);
  const [leg] = holdId === undefined ? [] : await ledger.findTransaction(holdId);
  const source = leg === undefined ? undefined : ledger.assetById(leg.assetId);
  const target = leg?.targetAssetId === null || leg === undefined ? undefined : ledger.assetById(leg.targetAssetId);
  if (leg === undefined || leg.kind !== 'hold' || source === undefined || target === undefined || textOf(leg.details, 'review') === undefined) return refuse(ledgerProblems.hold_not_found());
  return ok({ leg, source, target });
}

/** The key is the hold's: however often and by whomever it is said, it happens once. No caller can name a key with a space. */
async function approve({ ledger, identity }: ApiParts, { leg, source, target }: Waiting, operatorId: string, reason: string): ReturnType<Handler> {
  const { review: _review, review_reason: _reason, ...details } = leg.details ?? {};
  const links = await identity.listLinks(leg.memberId);
  const command: TransferCommand = {
    kind: 'transfer', platformId: source.platformId as PlatformId, memberId: leg.memberId, key: `review ${leg.transactionId}`, amount: leg.amount,
    toMemberId: leg.counterpartyId ?? leg.memberId, targetPlatformId: target.platformId as PlatformId, reviewedHoldId: leg.transactionId,
    reference: leg.reference ?? undefined, category: textOf(leg.details, 'category'), tags: links.find(({ platformId }) => platformId === source.platformId)?.tags,
    details: { ...details, approved_by: operatorId, approval_reason: reason },
  };
  return ledger.submit(command);
}

function reject({ ledger }: ApiParts, { leg, source }: Waiting, operatorId: string, reason: string): ReturnType<Handler> {
  return ledger.submit({
    kind: 'release', platformId: source.platformId as PlatformId, memberId: leg.memberId, key: `review ${leg.transactionId} rejected`, holdId: leg.transactionId, cause: 'caller',
    details: { rejected_by: operatorId, rejection_reason: reason },
  });
}

function describe(leg: PostedLeg, { ledger }: ApiParts): Static<typeof ReviewView> {
  const source = ledger.assetById(leg.assetId);
  const target = leg.targetAssetId === null ? undefined : ledger.assetById(leg.targetAssetId);
  const category = textOf(leg.details, 'category');
  return {
    hold_id: formatId('hold', leg.transactionId),
    platform_id: source?.platformId ?? '', target_platform: target?.platformId ?? '',
    from_member_id: leg.memberId, to_member_id: leg.counterpartyId ?? leg.memberId,
    amount: source === undefined ? 0 : toPoints(leg.amount, source),
    rule: textOf(leg.details, 'review') ?? '', reason: textOf(leg.details, 'review_reason') ?? '',
    ...(category === undefined ? {} : { category }),
    ...(leg.reference === null ? {} : { reference: leg.reference }),
    asked_at: new Date(leg.postedAtMs).toISOString(),
  };
}
