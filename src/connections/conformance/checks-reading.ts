// Conformance: the platform's own figures. Look-ups, total and statement must agree with what was
// done.

import { aMove, expectRefused, type Check, type Complain } from './check.ts';
import { signed } from './checks-steps.ts';
import { points, valueOf, type Probe } from './probe.ts';
import type { StatementEntry, Step, TransactionAnswer } from '../types.ts';

const AMOUNT = 345n;
/** Others may be using the platform, so the total must follow in one of several attempts. */
const TOTAL_ATTEMPTS = 3;

function expectFound(
  complain: Complain,
  what: string,
  found: TransactionAnswer,
  step: Step,
  state: TransactionAnswer['state'],
  operation: 'deduct' | 'add' | null,
  effectMinor: bigint,
): void {
  if (found.state !== state)
    return complain(`${what} is reported as ${found.state} instead of ${state}.`);
  if (found.state === 'unknown') return undefined;
  if (found.operation !== operation)
    complain(`${what}: operation is ${found.operation} instead of ${operation}.`);
  if (found.userId !== step.userId) complain(`${what}: user_id is another one.`);
  if (found.amountMinor !== step.amountMinor)
    complain(
      `${what}: amount is ${points(found.amountMinor)} instead of ${points(step.amountMinor)}.`,
    );
  if (found.effectMinor !== effectMinor)
    complain(`${what}: effect is ${points(found.effectMinor)} instead of ${points(effectMinor)}.`);
  return undefined;
}

export const readingChecks: readonly Check[] = [
  {
    name: 'lookup_unknown',
    meaning:
      'A transaction_id that the platform has never seen is answered with 404 {"error": …, ' +
      '"state": "unknown"}.',
    needsUser: false,
    async run(probe, complain) {
      const step = probe.newStep(AMOUNT);
      expectRefused(
        complain,
        'The look-up of a transaction never seen',
        await probe.get(`/api/internal/transactions/${step.transactionId}`),
        [404],
      );
      expectFound(
        complain,
        'A transaction never seen',
        await probe.find(step),
        step,
        'unknown',
        null,
        0n,
      );
    },
  },
  {
    name: 'lookup_applied',
    meaning:
      'A transaction that was carried out is found as applied, with operation, user_id, ' +
      'amount and its effect on the balance.',
    needsUser: true,
    async run(probe, complain) {
      for (const kind of ['add', 'deduct'] as const) {
        const step = probe.newStep(AMOUNT);
        await probe.send(kind, step);
        expectFound(
          complain,
          `${aMove(kind)} that was carried out`,
          await probe.find(step),
          step,
          'applied',
          kind,
          signed(kind, AMOUNT),
        );
      }
    },
  },
  {
    name: 'lookup_refused',
    meaning: 'A transaction that was refused is found as refused, with effect 0.',
    needsUser: true,
    async run(probe, complain) {
      const step = probe.newStep((await probe.balance()) + 1n);
      await probe.send('deduct', step);
      expectFound(
        complain,
        'A deduct that was refused',
        await probe.find(step),
        step,
        'refused',
        'deduct',
        0n,
      );
    },
  },
  {
    name: 'lookup_reversed',
    meaning:
      'A transaction that was reversed is found as reversed, with effect 0; also when only ' +
      'the reverse has been seen.',
    needsUser: true,
    async run(probe, complain) {
      for (const kind of ['add', 'deduct'] as const) {
        const step = probe.newStep(AMOUNT);
        await probe.send(kind, step);
        await probe.send('reverse', step);
        expectFound(
          complain,
          `${aMove(kind)} that was reversed`,
          await probe.find(step),
          step,
          'reversed',
          kind,
          0n,
        );
      }
      const unseen = probe.newStep(AMOUNT);
      await probe.send('reverse', unseen);
      expectFound(
        complain,
        'A transaction of which only the reverse was seen',
        await probe.find(unseen),
        unseen,
        'reversed',
        null,
        0n,
      );
    },
  },
  {
    name: 'total_points_follow',
    meaning:
      'total_points changes by exactly what is added, deducted and reversed. (Whether it was ' +
      'right before, only reconciliation can tell.)',
    needsUser: true,
    async run(probe, complain) {
      const complaints: string[] = [];
      for (let attempt = 0; attempt < TOTAL_ATTEMPTS; attempt += 1) {
        complaints.length = 0;
        await followTotal(probe, (sentence) => complaints.push(sentence));
        if (complaints.length === 0) return;
      }
      complaints.forEach(complain);
    },
  },
  {
    name: 'statement_once_in_order',
    meaning:
      'The statement has every movement once, in the order in which they were done, reversals ' +
      'included, and nothing that moved no points.',
    needsUser: true,
    async run(probe, complain) {
      const { cursor } = await probe.readOn(undefined);
      const expected = await moveAbout(probe);
      expectEntries(complain, 'The statement', (await probe.readOn(cursor)).entries, expected);
    },
  },
  {
    name: 'statement_cursor',
    meaning:
      'The statement can be read in pages of any length, on from next_cursor, and again from ' +
      'an earlier cursor, without a gap or a repetition.',
    needsUser: true,
    async run(probe, complain) {
      const start = (await probe.readOn(undefined)).cursor;
      const first = await moveAbout(probe);
      const middle = await probe.readOn(start);
      const second = await moveAbout(probe);
      expectEntries(
        complain,
        'The statement read on from next_cursor',
        (await probe.readOn(middle.cursor)).entries,
        second,
      );
      expectEntries(
        complain,
        'The statement read with limit=1',
        (await probe.readOn(start, 1)).entries,
        [...first, ...second],
      );
      const end = await probe.readOn(start, 2);
      expectEntries(complain, 'The statement read with limit=2', end.entries, [
        ...first,
        ...second,
      ]);
      expectEntries(
        complain,
        'The statement read on from its end',
        (await probe.readOn(end.cursor)).entries,
        [],
      );
    },
  },
];

async function followTotal(probe: Probe, complain: Complain): Promise<void> {
  const total = async (): Promise<bigint> =>
    valueOf('GET /api/internal/total_points', await probe.client.getTotalPoints());
  const expectTotal = async (what: string, before: bigint, expected: bigint): Promise<void> => {
    const moved = (await total()) - before;
    if (moved !== expected)
      complain(`${what} changed total_points by ${points(moved)} instead of ${points(expected)}.`);
  };
  const before = await total();
  const [added, deducted] = [probe.newStep(AMOUNT), probe.newStep(AMOUNT + 1n)];
  await probe.send('add', added);
  await expectTotal(`An add of ${points(AMOUNT)}`, before, AMOUNT);
  await probe.send('deduct', deducted);
  await expectTotal(
    `An add of ${points(AMOUNT)} and a deduct of ${points(AMOUNT + 1n)}`,
    before,
    -1n,
  );
  await probe.send('reverse', added);
  await probe.send('reverse', deducted);
  await expectTotal('An add, a deduct and the reverses of both', before, 0n);
}

/** Does one step of each kind and returns the statement lines that must follow from them. */
async function moveAbout(probe: Probe): Promise<StatementEntry[]> {
  const [a, b, c] = [probe.newStep(AMOUNT), probe.newStep(AMOUNT + 1n), probe.newStep(AMOUNT + 2n)];
  await probe.send('add', a);
  await probe.send('deduct', b);
  await probe.send('deduct', probe.newStep((await probe.balance()) + 1n));
  await probe.send('add', a);
  await probe.send('reverse', a);
  await probe.send('reverse', probe.newStep(AMOUNT));
  await probe.send('add', c);
  await probe.send('reverse', b);
  await probe.send('reverse', a);
  return [
    entry(a, 'add', a.amountMinor),
    entry(b, 'deduct', -b.amountMinor),
    entry(a, 'reverse', -a.amountMinor),
    entry(c, 'add', c.amountMinor),
    entry(b, 'reverse', b.amountMinor),
  ];
}

function entry(
  step: Step,
  operation: StatementEntry['operation'],
  effectMinor: bigint,
): StatementEntry {
  return { ...step, operation, effectMinor };
}

function expectEntries(
  complain: Complain,
  what: string,
  found: readonly StatementEntry[],
  expected: readonly StatementEntry[],
): void {
  // The platform's own business may go on meanwhile, and may be listed.
  const [foundLines, expectedLines] = [
    found.filter(({ operation }) => operation !== 'other').map(lineOf),
    expected.map(lineOf),
  ];
  const missing = expectedLines.filter((line) => !foundLines.includes(line));
  const strange = foundLines.filter(
    (line, index) => !expectedLines.includes(line) || foundLines.indexOf(line) !== index,
  );
  if (missing.length > 0) complain(`${what} lacks ${missing.join('; ')}.`);
  if (strange.length > 0)
    complain(`${what} has unexpected or repeated lines: ${strange.join('; ')}.`);
  if (missing.length + strange.length === 0 && foundLines.join() !== expectedLines.join())
    complain(`${what} is not in the order in which things were done: ${foundLines.join('; ')}.`);
}

function lineOf({
  transactionId,
  operation,
  userId,
  amountMinor,
  effectMinor,
}: StatementEntry): string {
  return (
    `${operation} of ${points(amountMinor)} (effect ${points(effectMinor)}) for ${userId} in ` +
    `${transactionId}`
  );
}
