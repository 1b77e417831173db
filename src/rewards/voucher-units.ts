// Chooses the units of a redemption that a fulfilment uses, and the vouchers that a reversal ends,
// by the counts of its vouchers. Pure.

import { formatAmount, smaller } from '../kernel/amount.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { ledgerProblems, notWholeUnits, unitsOfPart } from '../ledger/ledger.ts';
import { rewardsProblems } from './problems.ts';
import type { Asked, Redemption, UnitChoice, Voucher } from './types.ts';

type Units = 'units' | 'usable' | 'fulfilled' | 'returned' | 'partReturned';

export function sumOf(vouchers: readonly Voucher[], what: Units): bigint {
  return vouchers.reduce((sum, voucher) => sum + voucher[what], 0n);
}

/** Units that were not given back, or not completely. */
export function unitsLeft(vouchers: readonly Voucher[]): bigint {
  return sumOf(vouchers, 'usable') + sumOf(vouchers, 'fulfilled');
}

/**
 * The units that a reversal gives back. A unit of which a part came back before goes first, because
 * points go back in one order; then those of the named vouchers, or else the last usable ones.
 */
export function chooseReturned(
  redemption: Pick<Redemption, 'amount' | 'quantity' | 'givenBack' | 'vouchers'>,
  asked: Asked,
  scale: number,
): Result<UnitChoice[]> {
  const { vouchers, givenBack } = redemption;
  const left = redemption.amount - givenBack;
  if (asked.amount !== undefined && asked.amount > left) {
    return refuse(
      ledgerProblems.already_reversed(undefined, { reversible: formatAmount(left, scale) }),
    );
  }
  const begun = sumOf(vouchers, 'partReturned');
  const most = begun + sumOf(vouchers, 'usable');
  if (most === 0n) return refuse(rewardsProblems.voucher_used());
  const refused = problemOfNamed(vouchers, asked.named);
  if (refused !== undefined) return refuse(refused);
  const offered = inOrder(vouchers, asked.named, true);
  const units =
    asked.amount !== undefined
      ? unitsOfPart(redemption, givenBack, asked.amount)
      : (asked.quantity ?? begun + sumOf(offered, 'usable'));
  if (units === undefined) return refuse(notWholeUnits(redemption, givenBack, scale, most));
  if (units > most) {
    return refuse(
      rewardsProblems.voucher_used(`${most} units of it can be given back.`, {
        reversible_units: String(most),
      }),
    );
  }
  const first = take(
    vouchers.filter(({ partReturned }) => partReturned > 0n),
    smaller(begun, units),
    'partReturned',
  );
  const rest = take(offered, units - smaller(begun, units), 'usable');
  const chosen = [...first, ...rest];
  return countOf(chosen) === units &&
    (asked.named ?? []).every((unit) => rest.some((choice) => choice.unit === unit))
    ? ok(chosen)
    : refuse(rewardsProblems.vouchers_mismatch());
}

/**
 * The units that a fulfilment uses: those of the named vouchers, or else the first usable ones; by
 * default all of them.
 */
export function chooseFulfilled(
  { vouchers }: Pick<Redemption, 'vouchers'>,
  asked: Omit<Asked, 'amount'>,
): Result<UnitChoice[]> {
  const refused = problemOfNamed(vouchers, asked.named);
  if (refused !== undefined) return refuse(refused);
  const offered = inOrder(vouchers, asked.named, false);
  const units = asked.quantity ?? sumOf(offered, 'usable');
  const usable = sumOf(vouchers, 'usable');
  if (units > usable) {
    return refuse(rewardsProblems.voucher_used(`${usable} units of it can be used.`));
  }
  const chosen = take(offered, units, 'usable');
  return countOf(chosen) === units &&
    (asked.named ?? []).every((unit) => chosen.some((choice) => choice.unit === unit))
    ? ok(chosen)
    : refuse(rewardsProblems.vouchers_mismatch());
}

/** Why a named voucher can be neither used nor given back. */
function problemOfNamed(vouchers: readonly Voucher[], named: readonly number[] | undefined) {
  const spent = vouchers.find(
    ({ unit, usable }) => usable === 0n && named?.includes(unit) === true,
  );
  if (spent === undefined) return undefined;
  return spent.fulfilled > 0n ? rewardsProblems.voucher_used() : rewardsProblems.voucher_returned();
}

function inOrder(
  vouchers: readonly Voucher[],
  named: readonly number[] | undefined,
  lastFirst: boolean,
): Voucher[] {
  const offered = vouchers.filter(({ unit }) => named === undefined || named.includes(unit));
  return lastFirst ? offered.toReversed() : offered;
}

function take(
  from: readonly Voucher[],
  units: bigint,
  what: 'usable' | 'partReturned',
): UnitChoice[] {
  let left = units;
  return from.flatMap((voucher) => {
    const taken = smaller(voucher[what], left);
    left -= taken;
    return taken === 0n ? [] : [{ unit: voucher.unit, units: taken }];
  });
}

export function countOf(choices: readonly UnitChoice[]): bigint {
  return choices.reduce((sum, { units }) => sum + units, 0n);
}

type Counts = { -readonly [K in keyof Voucher]: Voucher[K] };

/**
 * The vouchers after a number of units came back: the chosen ones, and others where those are gone.
 * `missing` had been used.
 */
export function endUnits(
  vouchers: readonly Voucher[],
  chosen: readonly UnitChoice[],
  units: bigint,
): { vouchers: Voucher[]; missing: bigint } {
  const ended = vouchers.map((voucher): Counts => ({ ...voucher }));
  let left = units;
  const end = (voucher: Counts, most: bigint): void => {
    let wanted = smaller(most, left);
    for (const what of ['partReturned', 'usable'] as const) {
      const taken = smaller(voucher[what], wanted);
      voucher[what] -= taken;
      voucher.returned += taken;
      wanted -= taken;
      left -= taken;
    }
  };
  for (const choice of chosen)
    for (const voucher of ended) if (voucher.unit === choice.unit) end(voucher, choice.units);
  for (const voucher of ended.toReversed()) end(voucher, voucher.units);
  return { vouchers: ended, missing: left };
}

/** The vouchers after the chosen units were used. */
export function useUnits(vouchers: readonly Voucher[], chosen: readonly UnitChoice[]): Voucher[] {
  return vouchers.map((voucher) => {
    const used = chosen
      .filter(({ unit }) => unit === voucher.unit)
      .reduce((sum, { units }) => sum + units, 0n);
    return { ...voucher, usable: voucher.usable - used, fulfilled: voucher.fulfilled + used };
  });
}

/** As the journal keeps it: `1 3`, or `0*40` for 40 units of the voucher that stands for all. */
export function formatUnits(choices: readonly UnitChoice[]): string {
  return choices
    .map(({ unit, units }) => (unit === 0 ? `${unit}*${units}` : String(unit)))
    .join(' ');
}

export function parseUnits(text: string): UnitChoice[] {
  return text.split(' ').flatMap((part) => {
    const [, unit, units = '1'] = /^(\d{1,9})(?:\*(\d{1,18}))?$/.exec(part) ?? [];
    return unit === undefined ? [] : [{ unit: Number(unit), units: BigInt(units) }];
  });
}
