// Conformance: reverse. It undoes a step once, and a step that it has undone, or forestalled, never
// happens.

import {
  aMove,
  expectDone,
  expectMove,
  expectRefused,
  expectSame,
  type Check,
  type Complain,
} from './check.ts';
import { signed } from './checks-steps.ts';
import { points, type Probe } from './probe.ts';

type Move = 'deduct' | 'add';
const AMOUNT = 777n;
const AT_ONCE = 4;

function forEachMove(
  name: (kind: Move) => string,
  meaning: (kind: Move) => string,
  run: (kind: Move, probe: Probe, complain: Complain) => Promise<void>,
): Check[] {
  return (['deduct', 'add'] as const).map((kind) => ({
    name: name(kind),
    meaning: meaning(kind),
    needsUser: true,
    run: (probe, complain) => run(kind, probe, complain),
  }));
}

export const reverseChecks: readonly Check[] = [
  ...forEachMove(
    (kind) => `reverse_${kind}`,
    (kind) => `A reverse takes back exactly what the transaction's ${kind} moved.`,
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        signed(kind, AMOUNT),
        `The ${kind} of ${points(AMOUNT)}`,
        async () => void (await probe.send(kind, step)),
      );
      await expectMove(probe, complain, -signed(kind, AMOUNT), `Its reverse`, async () =>
        expectDone(complain, 'The reverse', await probe.send('reverse', step), step),
      );
    },
  ),
  ...forEachMove(
    (kind) => `reverse_${kind}_repeated`,
    (kind) =>
      `The same reverse of ${kind === 'add' ? 'an add' : 'a deduct'} again, also several ` +
      'times at once, moves nothing and gives the first answer again.',
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await probe.send(kind, step);
      await expectMove(
        probe,
        complain,
        -signed(kind, AMOUNT),
        `The same reverse sent ${AT_ONCE + 2} times`,
        async () => {
          const replies = [
            await probe.send('reverse', step),
            await probe.send('reverse', step),
            ...(await Promise.all(
              Array.from({ length: AT_ONCE }, () => probe.send('reverse', step)),
            )),
          ];
          expectSame(complain, 'The same reverse', replies);
        },
      );
    },
  ),
  ...forEachMove(
    (kind) => `reverse_before_${kind}`,
    (kind) =>
      'A reverse of a transaction not seen yet is answered with 200 and remembered: its ' +
      `${kind}, arriving late, is refused.`,
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        0n,
        `A reverse, and its ${kind} arriving late,`,
        async () => {
          expectDone(
            complain,
            'The reverse of a transaction not seen yet',
            await probe.send('reverse', step),
            step,
          );
          const replies = [await probe.send(kind, step), await probe.send(kind, step)];
          for (const reply of replies.slice(0, 1))
            expectRefused(complain, `The ${kind} arriving late`, reply, [400, 404, 409, 422]);
          expectSame(complain, `The ${kind} arriving late`, replies);
        },
      );
    },
  ),
  ...forEachMove(
    (kind) => `reversed_${kind}_repeated`,
    (kind) => `${aMove(kind)} that was reversed moves nothing when a late duplicate of it arrives.`,
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        0n,
        `${aMove(kind)}, its reverse and the same ${kind} again`,
        async () => {
          await probe.send(kind, step);
          await probe.send('reverse', step);
          await probe.send(kind, step);
        },
      );
    },
  ),
  {
    name: 'reverse_other_body',
    meaning:
      'A reverse that names another amount than the transaction moved is answered with 409 ' +
      'and moves nothing.',
    needsUser: true,
    async run(probe, complain) {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        AMOUNT,
        'An add and a reverse of another amount',
        async () => {
          await probe.send('add', step);
          expectRefused(
            complain,
            'The reverse of another amount',
            await probe.send('reverse', { ...step, amountMinor: AMOUNT - 1n }),
            [409],
          );
        },
      );
    },
  },
  {
    name: 'reverse_refused',
    meaning: 'A reverse of a deduct that was refused is answered with 200 and moves nothing.',
    needsUser: true,
    async run(probe, complain) {
      await expectMove(probe, complain, 0n, 'A refused deduct and its reverse', async () => {
        const step = probe.newStep((await probe.balance()) + 1n);
        await probe.send('deduct', step);
        expectDone(
          complain,
          'The reverse of a refused deduct',
          await probe.send('reverse', step),
          step,
        );
      });
    },
  },
];
