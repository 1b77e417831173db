// POST /api/points/quote: locks rate, fees and result of a conversion for one transfer, until the
// quote expires.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import { identityProblems } from '../../identity/identity.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { evaluateConversion } from '../../valuation/valuation.ts';
import { AMOUNT_PROBLEMS, readAmount } from '../amounts.ts';
import { toPoints } from '../../views/points.ts';
import { defineRoute } from '../define-route.ts';
import { resolveUser } from '../members.ts';
import { NOBODY } from '../points/nobody.ts';
import { Explanation, explanationOf } from '../points/rule-answers.ts';
import { Amount, Category, UserId } from '../schemas.ts';
import { closed, PlatformIdText, Points } from '../../views/schemas.ts';

const Body = closed({
  from_user_id: Type.Optional(UserId),
  amount: Amount,
  target_platform: PlatformIdText,
  category: Type.Optional(Category),
});

const Answer = Type.Object({
  quote_id: Type.String({ description: 'Send it to POST /api/points/transfer.' }),
  amount: Points,
  rate: Type.String({
    description: 'Target points for one source point, as decimal text; for display.',
  }),
  fee: Type.Number({ description: 'Deducted from the amount, in points of the calling platform.' }),
  target_fee: Type.Number({
    description: 'Deducted from the result, in points of target_platform.',
  }),
  bonus: Type.Number({ description: 'Added to the result, in points of target_platform.' }),
  credited_amount: Type.Number({
    description: 'The points that the receiver gets, in points of target_platform.',
  }),
  expires_at: Type.String({ description: 'RFC 3339.' }),
  needs_review: Type.Boolean({
    description: 'True if an operator must approve the transfer.',
  }),
  rulebook_version: Type.Integer(),
  explanation: Explanation,
});

/** Writes nothing: a MAC of the network proves the quote, and only its use is recorded. */
export const quote = defineRoute({
  operationId: 'quote',
  method: 'POST',
  url: '/api/points/quote',
  tag: 'points',
  summary: 'Quote a conversion',
  description:
    'Rate, fees and result are locked until `expires_at`. One transfer of the same amount to ' +
    'the same platform can use them, once. With `from_user_id`, only a transfer of that user ' +
    'can. Balance, limits and the rules that deny or review are checked when the transfer is ' +
    'made.',
  body: Body,
  answer: Answer,
  problems: [
    ...AMOUNT_PROBLEMS,
    'platform_not_found',
    'user_not_found',
    'rule_failed',
    'operation_denied',
    'amount_too_small',
  ],
  serve:
    ({ identity, ledger, valuation, quotes, clock, ruleAlerts }) =>
    async ({ caller: { platform, points }, body }) => {
      const { from_user_id: userId, target_platform: targetName, category = '' } = body;
      const amount = readAmount(body.amount, points);
      if (!amount.ok) return amount;
      const target = identity.findPlatform(targetName);
      if (target === undefined)
        return refuse(identityProblems.platform_not_found(undefined, { field: 'target_platform' }));
      if (target.state !== 'active')
        return refuse(identityProblems.platform_suspended(undefined, { field: 'target_platform' }));
      if (target.platformId === platform.platformId)
        return refuse(
          apiProblems.invalid_field(
            'Within a platform points move one to one; target_platform must be another.',
            { field: 'target_platform' },
          ),
        );
      const targetPoints = ledger.pointsOf(target.platformId);
      if (targetPoints === undefined) return refuse(ledgerProblems.unavailable());
      const member =
        userId === undefined
          ? undefined
          : await resolveUser(identity, platform.platformId, userId, 'from_user_id');
      if (member?.ok === false) return member;

      const now = clock.now();
      const rulebook = valuation.rulebook();
      const scales = {
        points: (platformId: typeof platform.platformId) =>
          (platformId === platform.platformId ? points : targetPoints).scale,
        settlement: ledger.settlementAsset().scale,
      };
      const conversion = evaluateConversion(
        rulebook,
        {
          operation: 'conversion',
          source: platform.platformId,
          target: target.platformId,
          memberId: member?.value ?? NOBODY,
          amount: amount.value,
          category,
          tags: userId === undefined ? [] : identity.tagsOf(platform.platformId, userId),
          reward: '',
          atMs: now,
        },
        scales,
        { explain: true },
      );
      if (conversion.type === 'refuse') {
        if (conversion.problem.code === 'rule_failed') ruleAlerts.note(conversion.problem);
        return refuse(conversion.problem);
      }
      const { terms } = conversion;
      if (terms.credited <= 0n || terms.owed <= 0n)
        return refuse(ledgerProblems.amount_too_small());
      const expiresAtMs = now + rulebook.document.settings.quote_seconds * 1000;
      const { quoteId } = quotes.seal({
        source: platform.platformId,
        target: target.platformId,
        memberId: member?.value ?? null,
        amount: amount.value,
        category,
        terms,
        version: rulebook.version,
        expiresAtMs,
      });
      return ok({
        quote_id: quoteId,
        amount: toPoints(amount.value, points),
        rate: terms.rate,
        fee: toPoints(terms.fee, points),
        target_fee: toPoints(terms.targetFee, targetPoints),
        bonus: toPoints(terms.bonus, targetPoints),
        credited_amount: toPoints(terms.credited, targetPoints),
        expires_at: formatMoment(expiresAtMs),
        needs_review: conversion.type === 'review',
        rulebook_version: rulebook.version,
        explanation: explanationOf(conversion.applied),
      });
    },
});
