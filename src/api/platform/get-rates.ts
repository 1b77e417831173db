// GET /api/rates: the value of the calling platform's points, and the rates at which they are
// converted to points of other platforms.

import { Type } from 'typebox';
import { divideRatio, formatRatio } from '../../kernel/amount.ts';
import { ok } from '../../kernel/problem.ts';
import { pointValue } from '../../valuation/valuation.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const decimal = (description: string) =>
  Type.String({ description: `${description} Decimal text.` });

const Answer = Type.Object({
  version: Type.Integer({ description: 'Version of the rulebook in force.' }),
  currency: Type.String({ description: 'The settlement currency.' }),
  base_value: decimal('Value of a point with multiplier 1, in settlement currency.'),
  platform_id: Type.String(),
  multiplier: decimal('Value of one of your points relative to the base value.'),
  point_value: decimal('Value of one of your points, in settlement currency.'),
  rates: Type.Array(
    Type.Object({
      platform_id: Type.String(),
      multiplier: decimal('Value of one of its points relative to the base value.'),
      rate: decimal(
        'Its points for one of yours by the value model, at most 8 decimals, rounded toward ' +
          'zero. Rules may change the rate and charge fees; a transfer answers its own terms.',
      ),
    }),
    { description: 'The other active platforms.' },
  ),
  categories: Type.Array(
    Type.Object({
      category: Type.String(),
      multiplier: decimal('Multiplier for points of this category.'),
    }),
    {
      description:
        'The value of a point of a category is base_value × multiplier × multiplier of the ' +
        'category. Both sides of a conversion have the same category, so no rate depends on ' +
        'it.',
    },
  ),
});

export const getRates = defineRoute({
  operationId: 'getRates',
  method: 'GET',
  url: '/api/rates',
  tag: 'platform',
  summary: 'Values and rates of points',
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
