// Undoes an earn, a capture, a redeem, or a transfer within one platform. Pure. Before this:
// `commands/reverse.ts`. What they have in common is in `reversing.ts`.

import { assert } from '../kernel/assert.ts';
import type { Problem } from '../kernel/problem.ts';
import { NO_FREEZE } from './freezes.ts';
import { balanceLimit, move } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import { notWholeUnits, unitsOfPart, unitsOfPoints } from './redeemed-units.ts';
import { legOf, restore, takeFromReceiver, type Reversing, type Undone } from './reversing.ts';

export function undoEarn(reversing: Reversing): Undone | Problem {
  const { first, wallets, part } = reversing;
  const given = takeFromReceiver(reversing);
  if (given === undefined) return ledgerProblems.clawback_refused();
  const issued = move(wallets.system, 'issued', part.amount);
  return { given, legs: [legOf(first, wallets.wallet, part.amount, [...given.movements, issued])] };
}

export function undoCapture(reversing: Reversing): Undone | Problem {
  const { first, part, view } = reversing;
  const { wallet, system } = reversing.wallets;
  const tooMuch = balanceLimit(wallet, part.amount, view.today);
  if (tooMuch !== undefined) return tooMuch;
  const restored = restore(first, wallet, part, NO_FREEZE, view);
  const redeemed = move(system, 'redeemed', -part.amount);
  return { legs: [legOf(first, wallet, part.amount, [redeemed, ...restored])] };
}

/** As a capture; the reward's units go back into stock, whole units only. */
export function undoRedeem(reversing: Reversing): Undone | Problem {
  const { first, part, returned } = reversing;
  const { source, reward } = reversing.wallets;
  const { targetAssetId } = first;
  if (targetAssetId === null || reward === undefined || first.credited === null)
    return undoCapture(reversing);
  const redeemed = { amount: first.amount, quantity: first.credited };
  const units = unitsOfPart(redeemed, part.before, part.amount);
  if (units === undefined || units !== (returned?.units ?? units)) {
    const most = redeemed.quantity - unitsOfPoints(redeemed, part.before);
    return notWholeUnits(redeemed, part.before, source.scale, most);
  }
  const made = undoCapture(reversing);
  if ('code' in made) return made;
  return {
    legs: made.legs.map((plan) => ({
      ...plan,
      credited: units,
      targetAssetId,
      movements: [
        ...plan.movements,
        move(reward, 'delivered', -units),
        move(reward, 'stock', units),
      ],
    })),
  };
}

/** The receiver gives back under the clawback policy; the sender's lots are restored. */
export function undoMove(reversing: Reversing): Undone | Problem {
  const { first, second, part, view } = reversing;
  const { wallet, system, toWallet, toSystem } = reversing.wallets;
  assert(second !== undefined, 'a transfer has two legs');
  const tooMuch = balanceLimit(wallet, part.amount, view.today);
  if (tooMuch !== undefined) return tooMuch;
  const given = takeFromReceiver(reversing);
  if (given === undefined) return ledgerProblems.clawback_refused();
  const back = { takings: given.takings, of: part.amount };
  const restored = restore(first, wallet, part, back, view);
  const returned = [...given.movements, move(toSystem, 'transit', part.amount)];
  return {
    given,
    legs: [
      legOf(first, wallet, part.amount, [move(system, 'transit', -part.amount), ...restored]),
      legOf(second, toWallet, part.amount, returned),
    ],
  };
}
