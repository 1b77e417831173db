// Conformance: deduct and add. Each happens once, exactly, or not at all.

import {
  aMove,
  expectDone,
  expectMove,
  expectRefused,
  expectSame,
  type Check,
  type Complain,
} from './check.ts';
import { points, type Probe } from './probe.ts';

type Move = 'deduct' | 'add';
const MOVES: readonly Move[] = ['deduct', 'add'];
const AMOUNT = 1_234n;
const AT_ONCE = 8;
const ROUNDS = 3;
const SOME_USER = 'pontis-test-no-such-user';

export function signed(kind: Move, amountMinor: bigint): bigint {
  return kind === 'deduct' ? -amountMinor : amountMinor;
}

function forEachMove(
  name: string,
  meaning: (kind: Move) => string,
  run: (kind: Move, probe: Probe, complain: Complain) => Promise<void>,
): Check[] {
  return MOVES.map((kind) => ({
    name: `${kind}_${name}`,
    meaning: meaning(kind),
    needsUser: true,
    run: (probe, complain) => run(kind, probe, complain),
  }));
}

/**
 * Ways to write an amount, with its minor units: those that a float gets wrong, numbers and text.
 */
const EXACT: readonly (readonly [literal: string, minor: bigint])[] = [
  ['0.01', 1n],
  ['0.29', 29n],
  ['1.1', 110n],
  ['8.2', 820n],
  ['"19.99"', 1_999n],
  ['"0.10"', 10n],
  ['1234567.89', 123_456_789n],
];
const NO_AMOUNTS: readonly string[] = [
  '0',
  '-1',
  '1.005',
  '"0.001"',
  '0.0000001',
  '"abc"',
  '"1,5"',
  'null',
  'true',
  '""',
  '{}',
];

export const stepChecks: readonly Check[] = [
  ...forEachMove(
    'once',
    (kind) => `${aMove(kind)} changes the balance by exactly its amount and is answered with 200.`,
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        signed(kind, AMOUNT),
        `One ${kind} of ${points(AMOUNT)}`,
        async () => expectDone(complain, `The ${kind}`, await probe.send(kind, step), step),
      );
    },
  ),
  ...forEachMove(
    'repeated',
    (kind) => `The same ${kind} again moves nothing and gives the first answer again.`,
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        signed(kind, AMOUNT),
        `The same ${kind} sent three times`,
        async () => {
          const replies = [
            await probe.send(kind, step),
            await probe.send(kind, step),
            await probe.send(kind, step),
          ];
          expectSame(complain, `The same ${kind}`, replies);
        },
      );
    },
  ),
  ...forEachMove(
    'at_once',
    (kind) =>
      `The same ${kind} sent several times at once moves points once, and every answer is the ` +
      'same.',
    async (kind, probe, complain) => {
      // The first round opens the connections, so that the calls of later rounds really arrive
      // together.
      for (let round = 0; round < ROUNDS; round += 1) {
        const step = probe.newStep(AMOUNT);
        await expectMove(
          probe,
          complain,
          signed(kind, AMOUNT),
          `The same ${kind} sent ${AT_ONCE} times at once`,
          async () => {
            const replies = await Promise.all(
              Array.from({ length: AT_ONCE }, () => probe.send(kind, step)),
            );
            for (const reply of replies.slice(0, 1))
              expectDone(complain, `The ${kind}`, reply, step);
            expectSame(complain, `The same ${kind}`, replies);
          },
        );
      }
    },
  ),
  ...forEachMove(
    'other_body',
    (kind) =>
      `${aMove(kind)} under a transaction_id that was used with another body is answered with ` +
      '409 and moves nothing.',
    async (kind, probe, complain) => {
      const step = probe.newStep(AMOUNT);
      await expectMove(
        probe,
        complain,
        signed(kind, AMOUNT),
        `${aMove(kind)}, and another of another amount under its transaction_id,`,
        async () => {
          await probe.send(kind, step);
          expectRefused(
            complain,
            `The ${kind} of another amount`,
            await probe.send(kind, { ...step, amountMinor: AMOUNT + 1n }),
            [409],
          );
        },
      );
    },
  ),
  {
    name: 'insufficient_balance',
    meaning:
      'A deduct of more than the balance is answered with 400 {"error": "Insufficient ' +
      'balance"} and changes nothing.',
    needsUser: true,
    async run(probe, complain) {
      await expectMove(probe, complain, 0n, 'A deduct of more than the balance', async () => {
        const step = probe.newStep((await probe.balance()) + 1n);
        expectRefused(
          complain,
          'A deduct of 0.01 more than the balance',
          await probe.send('deduct', step),
          [400],
          'Insufficient balance',
        );
      });
    },
  },
  {
    name: 'whole_balance',
    meaning: 'A deduct of exactly the balance is carried out.',
    needsUser: true,
    async run(probe, complain) {
      const balance = await probe.balance();
      const step = probe.newStep(balance);
      await expectMove(probe, complain, -balance, 'A deduct of the whole balance', async () =>
        expectDone(complain, 'The deduct', await probe.send('deduct', step), step),
      );
      await probe.send('reverse', step);
    },
  },
  {
    name: 'refusal_is_final',
    meaning:
      'A refused deduct stays refused when it is sent again, even if there are points enough ' +
      'by then.',
    needsUser: true,
    async run(probe, complain) {
      const step = probe.newStep((await probe.balance()) + AMOUNT);
      await expectMove(
        probe,
        complain,
        AMOUNT,
        `A refused deduct, an add of ${points(AMOUNT)} and the same deduct again`,
        async () => {
          const first = await probe.send('deduct', step);
          await probe.send('add', probe.newStep(AMOUNT));
          expectSame(complain, 'The refused deduct', [first, await probe.send('deduct', step)]);
        },
      );
    },
  },
  {
    name: 'unknown_user',
    meaning: 'A user that the platform does not have is answered with 404 {"error": …}.',
    needsUser: false,
    async run(probe, complain) {
      for (const kind of MOVES)
        expectRefused(
          complain,
          `${aMove(kind)} for an unknown user`,
          await probe.send(kind, probe.newStep(AMOUNT, SOME_USER)),
          [404],
        );
      expectRefused(
        complain,
        'GET /api/internal/users of an unknown user',
        await probe.get(`/api/internal/users/${SOME_USER}`),
        [404],
      );
    },
  },
  {
    name: 'decimals_exact',
    meaning: 'Amounts with two decimals, as numbers and as text, are moved exactly.',
    needsUser: true,
    async run(probe, complain) {
      for (const [amountLiteral, minor] of EXACT) {
        const step = probe.newStep(minor);
        await expectMove(
          probe,
          complain,
          minor,
          `An add with "amount": ${amountLiteral}`,
          async () =>
            expectDone(
              complain,
              `An add with "amount": ${amountLiteral}`,
              await probe.send('add', step, { amountLiteral }),
              step,
            ),
        );
        await probe.send('reverse', step);
      }
    },
  },
  {
    name: 'amounts_refused',
    meaning:
      'An amount that is not a positive number of at most two decimals is answered with 400.',
    needsUser: true,
    async run(probe, complain) {
      for (const kind of MOVES) {
        for (const amountLiteral of NO_AMOUNTS) {
          const what = `${aMove(kind)} with "amount": ${amountLiteral}`;
          await expectMove(probe, complain, 0n, what, async () =>
            expectRefused(
              complain,
              what,
              await probe.send(kind, probe.newStep(100n), { amountLiteral }),
              [400, 422],
            ),
          );
        }
      }
    },
  },
];
