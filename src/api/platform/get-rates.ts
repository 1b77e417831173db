// GET /api/rates: what the calling platform's points are worth, and at which rates they become
// points of the others.

import { Type } from 'typebox';
import { divideRatio, formatRatio } from '../../kernel/amount.ts';
import { ok } from '../../kernel/problem.ts';
import { pointValue } from '../../valuation/valuation.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../schemas.ts';

const decimal = (description: string) =>
  Type.String({ description: `${description} Decimal text.` });

const Answer = Type.Object({
  version: Type.Integer({ description: 'Of the rulebook in force.' }),
  currency: Type.String({ description: 'The settlement currency.' }),
  base_value: decimal('Settlement currency for one point of multiplier 1.'),
  platform_id: Type.String(),
  multiplier: decimal('Worth of one of your points relative to the base value.'),
  point_value: decimal('Settlement currency that one of your points is worth.'),
  rates: Type.Array(
    Type.Object({
      platform_id: Type.String(),
      multiplier: decimal('Worth of one of its points relative to the base value.'),
      rate: decimal(
        'Its points for one of yours by the value model, at most 8 decimals, rounded toward ' +
          'zero. Rules may change it and charge fees: a transfer answers its terms.',
      ),
    }),
    { description: 'The other active platforms.' },
  ),
  categories: Type.Array(
    Type.Object({
      category: Type.String(),
      multiplier: decimal('Worth of a point of this category.'),
    }),
    {
      description:
        'For the worth of a point of a category: base_value × multiplier × multiplier of the ' +
        'category. Both sides of a conversion have the same, so no rate depends on it.',
    },
  ),
});

export const getRates = defineRoute({
  operationId: 'getRates',
  method: 'GET',
  url: '/api/rates',
  tag: 'platform',
  summary: 'What points are worth',
  query: closed({}),
  answer: Answer,
  problems: [],
  serve:
    ({ identity, ledger, valuation }) =>
    ({ caller }) => {
      const { document, version } = valuation.rulebook();
      const { platformId } = caller.platform;
      const multiplierOf = (id: string): string =>
        (Object.hasOwn(document.platforms, id) ? document.platforms[id]?.multiplier : undefined) ??
        '1';
      const own = pointValue(document, platformId);
      const others = identity
        .listPlatforms()
        .filter((platform) => platform.platformId !== platformId && platform.state === 'active');
      return ok({
        version,
        currency: ledger.settlementAsset().code,
        base_value: document.values.base_value,
        platform_id: platformId,
        multiplier: multiplierOf(platformId),
        point_value: formatRatio(own, 18),
        rates: others.map(({ platformId: id }) => ({
          platform_id: id,
          multiplier: multiplierOf(id),
          rate: formatRatio(divideRatio(own, pointValue(document, id))),
        })),
        categories: Object.entries(document.categories).map(([category, { multiplier }]) => ({
          category,
          multiplier,
        })),
      });
    },
});
