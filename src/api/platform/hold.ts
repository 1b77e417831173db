// POST /api/points/holds: sets points aside until they are captured or released.

import { Type } from 'typebox';
import { formatId } from '../../kernel/ids.ts';
import { formatMoment } from '../../kernel/time.ts';
import { toDetails } from '../../views/details.ts';
import { AMOUNT_PROBLEMS, readAmount } from '../amounts.ts';
import { toPoints } from '../../views/points.ts';
import { answerOutcome, defineOperation, RULE_PROBLEMS } from '../define-operation.ts';
import { resolveUser } from '../members.ts';
import { Amount, Category, Reference, UserId } from '../schemas.ts';
import { closed, Metadata, Points, Success } from '../../views/schemas.ts';

const DEFAULT_SECONDS = 900;

export const hold = defineOperation({
  kind: 'hold',
  url: '/api/points/holds',
  summary: 'Hold points',
  description:
    'Held points stay in the balance but are not available. A hold ends by capture, by ' +
    'release, or when it expires.',
  params: closed({}),
  body: closed({
    user_id: UserId,
    amount: Amount,
    expires_in: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2_592_000,
        description:
          'Seconds until the hold expires and its points are available again; 900 when absent, ' +
          'at most 30 days.',
      }),
    ),
    category: Type.Optional(Category),
    reference: Type.Optional(Reference),
    metadata: Type.Optional(Metadata),
  }),
  answer: Type.Object({
    success: Success,
    hold_id: Type.String(),
    transaction_id: Type.String(),
    status: Type.Literal('held'),
    amount: Points,
    expires_at: Type.String({ description: 'RFC 3339.' }),
  }),
  problems: [
    ...AMOUNT_PROBLEMS,
    'user_not_found',
    'connected_platform',
    'invalid_expiry',
    'insufficient_balance',
    ...RULE_PROBLEMS,
  ],
  userFields: ['user_id'],
  async post({ identity, ledger }, { platform, points }, fields, key) {
    const amount = readAmount(fields.amount, points);
    if (!amount.ok) return amount;
    const resolving = resolveUser(identity, platform.platformId, fields.user_id, 'user_id');
    const member = resolving instanceof Promise ? await resolving : resolving;
    if (!member.ok) return member;
    const expiresInMs = (fields.expires_in ?? DEFAULT_SECONDS) * 1000;
    const outcome = await ledger.submit({
      kind: 'hold',
      platformId: platform.platformId,
      memberId: member.value,
      ...key,
      amount: amount.value,
      expiresInMs,
      reference: fields.reference,
      category: fields.category,
      tags: identity.tagsOf(platform.platformId, fields.user_id),
      details: toDetails(fields.metadata, { category: fields.category }),
    });
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      hold_id: formatId('hold', transaction.transactionId),
      transaction_id: formatId('txn', transaction.transactionId),
      status: 'held' as const,
      amount: toPoints(transaction.amount, points),
      expires_at: formatMoment(transaction.postedAtMs + expiresInMs),
    }));
  },
});
