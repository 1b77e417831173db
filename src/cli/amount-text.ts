// Formats amounts of a view for columns that people read: with all decimals of their asset.

import { formatNumberText } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import { isPlatformId } from '../kernel/ids.ts';
import { getPoints } from '../ledger/get-asset.ts';
import type { Asset, Ledger } from '../ledger/ledger.ts';

type Figure = number | string | null;

/** Formats points of a platform. A figure that is too large for a number is text already. */
export function pointsText(
  ledger: Pick<Ledger, 'pointsOf'>,
  platformId: string,
  figure: Figure,
): string {
  assert(isPlatformId(platformId), 'a view names platforms by their ids');
  return amountText(figure, getPoints(ledger, platformId));
}

export function amountText(figure: Figure, { scale }: Pick<Asset, 'scale'>): string {
  if (figure === null) return '-';
  return typeof figure === 'string' ? figure : formatNumberText(figure, scale);
}
